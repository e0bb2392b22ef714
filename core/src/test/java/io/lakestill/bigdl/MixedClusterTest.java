package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.student.Parameters;
import io.lakestill.train.HeapRows;
import io.lakestill.train.Mixture;
import io.lakestill.train.PackedRow;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowMixing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that are mixed in pairs on two executors, each with rows of its own. */
class MixedClusterTest {
  private static final int EACH = ClusterMixing.BATCH / 2;

  @TempDir Path folder;

  /**
   * Both executors mix with the one share of the step, each its own rows by its own permutation:
   * the losses are those of the mixtures that one process computes, rows and pairs and all.
   */
  @Test
  void everyExecutorMixesItsOwnRowsWithTheSharesOfTheSteps() throws Exception {
    ForkedDriver.Ended ended = new ForkedDriver(folder).run(ClusterMixing.class);

    assertThat(ended.exit()).as(ended.output()).isZero();
    List<Double> losses =
        Files.readAllLines(folder.resolve("done")).stream().map(Double::valueOf).toList();
    assertThat(losses).as("three epochs of 80 rows").hasSize(15);
    LocalSpark.cluster();
    Reference reference = new Reference();
    for (int step = 1; step <= losses.size(); step++) {
      double both = (reference.loss(0, step) + reference.loss(1, step)) / 2;
      assertThat(losses.get(step - 1)).as("step %d", step).isCloseTo(both, within(1e-5));
    }
  }

  /** The same in this process, one pass through the module and the loss for each executor. */
  private static final class Reference {
    private final BigDlGraph student =
        BigDlGraph.training(
            ClusterMixing.STUDENT,
            RowLayout.outputs(Blobs.distillation().requires(), ClusterMixing.STUDENT),
            Parameters.initial(ClusterMixing.STUDENT, ClusterMixing.SEED),
            ClusterMixing.SEED);
    private final RowMixing mixing =
        new RowMixing(ClusterMixing.MIX, List.of(6), ClusterMixing.SEED);

    double loss(int node, int step) {
      List<PackedRow> rows = ClusterMixing.rows(node, 40);
      PackedRows packed = HeapRows.of(rows);
      RowSource source = new RowSource(packed, packed, ClusterMixing.SEED, node);
      int[] drawn = source.batch(step, 0, 1, EACH, Optional.empty()).rows();
      Mixture mixture = mixing.at(step, node, step, EACH).orElseThrow();
      List<float[]> logits = logits(mixed(rows, drawn, mixture));
      double loss = 0;
      for (int i = 0; i < EACH; i++) {
        float[] own = rows.get(drawn[i]).targets();
        float[] partner = rows.get(drawn[mixture.partners()[i]]).targets();
        loss += mixture.share() * loss(logits.get(i), own);
        loss += (1 - mixture.share()) * loss(logits.get(i), partner);
      }
      return loss / EACH;
    }

    private static float[] mixed(List<PackedRow> rows, int[] drawn, Mixture mixture) {
      float[] features = new float[EACH * 6];
      for (int i = 0; i < EACH; i++) {
        System.arraycopy(rows.get(drawn[i]).features(), 0, features, i * 6, 6);
      }
      mixture.mix(features, new float[features.length], List.of(6));
      return features;
    }

    private List<float[]> logits(float[] features) {
      float[] flat =
          Floats.values(
              student
                  .module()
                  .forward(Floats.tensor(features, EACH, 6))
                  .toTensor(Floats.numeric()));
      List<float[]> logits = new ArrayList<>();
      for (int i = 0; i < EACH; i++) {
        logits.add(Arrays.copyOfRange(flat, 3 * i, 3 * i + 3));
      }
      return logits;
    }

    /** Half cross-entropy, half the divergence from the teacher at temperature 2, times 4. */
    private static double loss(float[] logits, float[] target) {
      double[] teacher = new double[3];
      double[] student = new double[3];
      double[] plain = new double[3];
      for (int c = 0; c < 3; c++) {
        teacher[c] = target[1 + c] / 2;
        student[c] = logits[c] / 2;
        plain[c] = logits[c];
      }
      double divergence = 0;
      for (int c = 0; c < 3; c++) {
        double log = logProbability(teacher, c);
        divergence += Math.exp(log) * (log - logProbability(student, c));
      }
      return -0.5 * logProbability(plain, (int) target[0]) + 0.5 * 4 * divergence;
    }

    private static double logProbability(double[] logits, int of) {
      double largest = Math.max(logits[0], Math.max(logits[1], logits[2]));
      double sum = 0;
      for (double logit : logits) {
        sum += Math.exp(logit - largest);
      }
      return logits[of] - largest - Math.log(sum);
    }
  }
}
