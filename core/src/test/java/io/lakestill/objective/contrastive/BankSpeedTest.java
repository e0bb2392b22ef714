package io.lakestill.objective.contrastive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.Batch;
import io.lakestill.objective.FiniteDifferences;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Indices;
import io.lakestill.objective.Objective;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The short ways of contrasts with banks against the long ones. */
class BankSpeedTest {
  private static Tensor unitRows(SplittableRandom random, int rows, int width) {
    Tensor bank = RandomBatch.normal(random, 1, rows, width);
    for (int row = 0; row < rows; row++) {
      double squares = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        squares += (double) bank.data()[i] * bank.data()[i];
      }
      for (int i = row * width; i < (row + 1) * width; i++) {
        bank.data()[i] = (float) (bank.data()[i] / Math.sqrt(squares));
      }
    }
    return bank;
  }

  /** Heads are the identity, normalisers 3, and the first samples those of the batch. */
  private static Batch batch(long seed, int rows, int bankRows, int width, int negatives) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] identity = new float[width * width];
    for (int i = 0; i < width; i++) {
      identity[i * width + i] = 1;
    }
    int[] samples = new int[rows];
    Arrays.setAll(samples, i -> i);
    int[] drawn = random.ints((long) rows * negatives, 0, bankRows).toArray();
    State state =
        new State()
            .put("state.bank_student", unitRows(random, bankRows, width))
            .put("state.bank_teacher", unitRows(random, bankRows, width))
            .put("state.z_student", new Tensor(new int[] {1}, new float[] {3}))
            .put("state.z_teacher", new Tensor(new int[] {1}, new float[] {3}));
    int[] square = {width, width};
    return Batch.of(rows)
        .tensor("student.embedding", unitRows(random, rows, width))
        .tensor("teacher.embedding", unitRows(random, rows, width))
        .tensor("weight.student_projection", new Tensor(square, identity))
        .tensor("weight.teacher_projection", new Tensor(square, identity.clone()))
        .tensor("bias.student_projection", Tensor.zeros(width))
        .tensor("bias.teacher_projection", Tensor.zeros(width))
        .indices("index.samples", Indices.of(samples))
        .indices("index.positives", new Indices(new int[] {rows, 1}, samples))
        .indices("index.negatives", new Indices(new int[] {rows, negatives}, drawn))
        .state(state)
        .build();
  }

  private static double loss(Objective objective, Batch batch) {
    return objective.evaluate(batch, Gradients.of(batch, Set.copyOf(differentiable(batch))));
  }

  private static Set<String> differentiable(Batch batch) {
    return batch.present(BankContrast.REQUIREMENTS.differentiable());
  }

  /** One side of CRD, pair by pair. */
  private static double side(Batch batch, String embedding, String bankName, double temperature) {
    Tensor v = batch.tensor(embedding);
    Tensor bank = batch.state().tensor(bankName);
    int width = v.width();
    int k = batch.indices("index.negatives").width();
    double c = (double) k / bank.rows();
    double loss = 0;
    for (int row = 0; row < v.rows(); row++) {
      for (int slot = 0; slot <= k; slot++) {
        int target = slot == 0 ? row : batch.indices("index.negatives").data()[row * k + slot - 1];
        double product = 0;
        for (int d = 0; d < width; d++) {
          product += (double) v.data()[row * width + d] * bank.data()[target * width + d];
        }
        double score = Math.exp(product / temperature) / 3;
        loss -= Math.log((slot == 0 ? score : c) / (score + c + 1e-7));
      }
    }
    return loss / v.rows();
  }

  @Test
  void bankOfSeveralSegmentsGivesTheLossOfTheDefinition() {
    Batch batch = batch(5, 6, 5000, 130, 75);
    double expected =
        side(batch, "student.embedding", "state.bank_teacher", 0.1)
            + side(batch, "teacher.embedding", "state.bank_student", 0.1);
    Objective crd = new Crd(new BankOptions(130, 75, 0.1, 1));
    assertThat(loss(crd, batch)).isCloseTo(expected, within(1e-5 * expected));
  }

  @Test
  void relationsToMoreAnchorsThanABlockHaveTheGradientOfTheirLoss() {
    int rows = AnchorTable.ANCHORS + 3;
    // Momentum 1 leaves the banks as they are; negatives often are anchors themselves.
    Batch batch = batch(6, rows, rows + 4, 4, 5);
    Objective crcd = new CrcdFeature(new BankOptions(4, 5, 0.5, 1));
    FiniteDifferences.assertGradientMatches(crcd, batch, "seed 6");
  }

  @Test
  void sinkhornByScalingAndByLogarithmsGiveOneTransport() {
    Batch batch = batch(7, 12, 12, 4, 1);
    double scaled =
        loss(new WcordLckt(4, 2 / 149.9, 200, WcordLckt.TeacherProjection.LEARNED), batch);
    double byLogarithms =
        loss(new WcordLckt(4, 2 / 150.1, 200, WcordLckt.TeacherProjection.LEARNED), batch);
    assertThat(scaled).isCloseTo(byLogarithms, within(1e-3));
  }
}
