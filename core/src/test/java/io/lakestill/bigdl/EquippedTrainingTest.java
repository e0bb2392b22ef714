package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import com.intel.analytics.bigdl.dllib.utils.Engine$;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.FloatTensor;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.RateSchedule;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.student.Parameters;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import io.lakestill.train.Epoch;
import io.lakestill.train.FirstStep;
import io.lakestill.train.RowLayout;
import io.lakestill.train.States;
import io.lakestill.train.TermReport;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Objectives with heads, memory and drawn samples in BigDL's own training loop. */
class EquippedTrainingTest {
  private static final int ROWS = 121;
  private static final String LABELS = "type = cross-entropy, weight = 1";
  private static final String HINT = "type = fitnet-hint, weight = 1";
  private static final String CRD =
      "type = crd, weight = 0.2, projection-dim = 4, negatives = 20, temperature = 0.5";
  private static final String RRD = "type = rrd, weight = 1, projection-dim = 4, queue-size = 48";

  @TempDir Path folder;

  private final Listener listener = new Listener();
  private Map<String, FloatTensor> remembered = Map.of();

  private TrainedStudent train(int cores, int epochs, String... terms) {
    return train(cores, epochs, Losses.of(terms));
  }

  private TrainedStudent train(int cores, int epochs, WeightedTerms loss) {
    return train(
        cores,
        loss,
        Blobs.settings(epochs, 16, Blobs.adam(0.02)),
        ROWS,
        (trained, memory) -> {
          remembered = States.tensors(checkpoint().memory(memory.store(checkpoint())));
          return trained;
        });
  }

  private CheckpointFolder checkpoint() {
    return new CheckpointFolder(
        new org.apache.hadoop.fs.Path(folder.resolve("checkpoint").toUri()), new Configuration());
  }

  private <R> R train(
      int cores,
      WeightedTerms loss,
      TrainSettings settings,
      int rows,
      BiFunction<TrainedStudent, LossMemory, R> keep) {
    LocalSpark.cluster();
    Engine$.MODULE$.setNodeAndCore(1, cores);
    RowLayout targets = Pictures.targets(loss);
    StudentTrainer trainer =
        new StudentTrainer(
            Pictures.student(), loss, targets, settings, 3, new ClusterShape(1, cores));
    return trainer.train(
        new Pictures(rows, 1).block(targets),
        new Pictures(45, 2).block(targets),
        folder.resolve("events-" + System.nanoTime()),
        listener,
        Optional.empty(),
        keep);
  }

  @AfterEach
  void restoreEngine() {
    Engine$.MODULE$.setNodeAndCore(1, LocalSpark.cluster().coresPerNode());
  }

  static Stream<Arguments> methods() {
    return Stream.of(1, 2)
        .flatMap(
            cores ->
                Stream.of(
                    Arguments.of("fitnet-hint", HINT, cores),
                    Arguments.of("crd", CRD, cores),
                    Arguments.of("rrd", RRD, cores)));
  }

  @ParameterizedTest(name = "{0} on {2} core(s)")
  @MethodSource("methods")
  void theMethodsLossFallsAndItsHeadsLearn(String name, String term, int cores) {
    TrainedStudent trained = train(cores, 6, LABELS, term);

    List<Epoch> epochs = trained.history().epochs();
    // In the first epoch a queue is not yet full of embeddings.
    assertThat(epochs.get(5).trainingTerms().get(name))
        .isLessThan(0.93 * epochs.get(1).trainingTerms().get(name));
    assertThat(trained.heads()).isNotEmpty();
    assertThat(trained.heads()).allSatisfy((head, tensor) -> assertThat(head).endsWith("/1"));
    Map<String, FloatTensor> first = firstHeads(cores, term);
    assertThat(trained.heads().keySet()).isEqualTo(first.keySet());
    trained
        .heads()
        .forEach(
            (head, tensor) -> {
              // The teacher's side of rrd is constant: the projection stays as it was drawn.
              if (!(name.equals("rrd") && head.contains("teacher"))) {
                assertThat(tensor).as(head).isNotEqualTo(first.get(head));
              } else {
                assertThat(tensor).as(head).isEqualTo(first.get(head));
              }
            });
    assertThat(trained.parameters().names())
        .isEqualTo(Parameters.initial(Pictures.student(), 3).names());
  }

  private static Map<String, FloatTensor> firstHeads(int cores, String term) {
    WeightedTerms loss = Losses.of(LABELS, term);
    BatchLayout layout =
        BatchLayout.of(
            loss,
            RowLayout.outputs(loss.requires(), Pictures.student()),
            Pictures.targets(loss),
            16 / cores,
            ROWS / cores);
    return layout.heads().tensors(layout.heads().initial(3));
  }

  @Test
  void everyWorkerRemembersItsOwnExamples() {
    train(2, 1, LABELS, CRD, RRD);

    Map<String, FloatTensor> memory = remembered;
    assertThat(memory.get("0/1/state.bank_student").shape()).containsExactly(61, 4);
    assertThat(memory.get("1/1/state.bank_student").shape()).containsExactly(60, 4);
    assertThat(memory.get("0/2/state.queue").shape()).containsExactly(48, 4);
    // 8 steps of 8 rows through a queue of 48.
    assertThat(memory.get("1/2/state.queue_pointer").values()).containsExactly(8 * 8 % 48);
    // Every row has been updated, so it is of length 1.
    float[] bank = memory.get("1/1/state.bank_teacher").values();
    for (int row = 0; row < 60; row++) {
      float[] values = Arrays.copyOfRange(bank, row * 4, row * 4 + 4);
      double squared = 0;
      for (float value : values) {
        squared += value * value;
      }
      assertThat(squared).as("row %d", row).isCloseTo(1, within(1e-5));
    }
  }

  @Test
  void twoCoresGiveTheSameBitsAgain() {
    TrainedStudent first = train(2, 2, LABELS, HINT, CRD, RRD);
    Map<String, FloatTensor> firstMemory = remembered;
    TrainedStudent second = train(2, 2, LABELS, HINT, CRD, RRD);

    assertThat(second.parameters()).isEqualTo(first.parameters());
    assertThat(second.heads()).isEqualTo(first.heads());
    assertThat(remembered).isNotEmpty().isEqualTo(firstMemory);
  }

  @Test
  void termsThatNeedAShardHaveNoValidationLossAndThatIsSaidOnce() {
    TrainedStudent trained = train(2, 2, LABELS, HINT, CRD);

    Epoch epoch = trained.history().epochs().get(1);
    assertThat(epoch.trainingTerms()).containsOnlyKeys("cross-entropy", "fitnet-hint", "crd");
    assertThat(epoch.validationTerms()).containsOnlyKeys("cross-entropy", "fitnet-hint");
    assertThat(epoch.validationLoss())
        .isCloseTo(
            epoch.validationTerms().get("cross-entropy")
                + epoch.validationTerms().get("fitnet-hint"),
            within(1e-9));
    assertThat(listener.notices)
        .singleElement()
        .satisfies(
            notice ->
                assertThat(notice).contains("leaves out crd").doesNotContain("No term is left"));
  }

  @Test
  void withoutAValidationLossAccuracyDecides() {
    TrainedStudent trained = train(2, 2, CRD);

    assertThat(trained.history().epochs())
        .allSatisfy(epoch -> assertThat(epoch.validationTerms()).isEmpty());
    assertThat(listener.notices).singleElement().asString().contains("best accuracy");
  }

  @Test
  void tellsTheTermsOfTheFirstStep() {
    train(2, 1, "type = cross-entropy, weight = 0.001", "type = crd, weight = 50, negatives = 20");

    assertThat(listener.order).startsWith("first", "step 1", "step 2").containsOnlyOnce("first");
    FirstStep first = listener.firstSteps.get(0);
    assertThat(first.terms()).extracting(TermReport::name).containsExactly("cross-entropy", "crd");
    assertThat(first.terms()).extracting(TermReport::weight).containsExactly(0.001, 50.0);
    assertThat(first.terms())
        .allSatisfy(
            term -> {
              assertThat(term.loss()).isPositive();
              assertThat(term.gradientNorm()).isPositive();
            });
    assertThat(first.imbalance()).hasValueSatisfying(w -> assertThat(w).contains("'crd'"));
  }

  @Test
  void refusesBanksThatNoExecutorCouldHold() {
    assertThatThrownBy(
            () -> train(2, 1, "type = rrd, weight = 1, projection-dim = 4, queue-size = 500000000"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContainingAll("15258 MiB on each executor", "queue-size", "--driver-memory");
  }

  /** 1.6 MB of every worker, which the driver may not collect. */
  @Test
  void memoryLargerThanTheDriverTakesIsStoredByTheExecutors() {
    List<CheckpointManifest.ParameterFile> files =
        train(
            2,
            Losses.of("type = rrd, weight = 1, projection-dim = 4, queue-size = 100000"),
            Blobs.settings(1, 16, Blobs.adam(0.02)),
            16,
            (trained, memory) -> memory.store(checkpoint()));

    assertThat(files).hasSize(2).allMatch(file -> file.bytes() > 1_600_000);
    for (CheckpointManifest.ParameterFile file : files) {
      assertThat(folder.resolve("checkpoint").resolve(file.file())).hasSize(file.bytes());
    }
  }

  /** As when an executor dies after the last step: its rows are packed again, without memory. */
  @Test
  void memoryThatWasLostIsNotStoredAsIfItWereThere() {
    assertThatThrownBy(
            () ->
                train(
                    2,
                    Losses.of(LABELS, CRD),
                    Blobs.settings(1, 16, Blobs.adam(0.02)),
                    ROWS,
                    (trained, memory) -> {
                      LocalSpark.context().getPersistentRDDs().values().stream()
                          .filter(rdd -> "packed rows".equals(rdd.name()))
                          .forEach(rdd -> rdd.unpersist(true));
                      return memory.store(checkpoint());
                    }))
        .hasMessageContaining("banks and queues of the loss are gone");
    assertThat(folder.resolve("checkpoint")).doesNotExist();
  }

  /** Heads are averaged over cores as weights are; one step, since rounding grows after it. */
  @Test
  void aStepOnTwoCoresIsTheStepOnOne() {
    TrainSettings settings =
        Blobs.settings(
            1,
            16,
            new OptimizerSettings(OptimizerSettings.Type.SGD, 0.5, 0, 0, RateSchedule.CONSTANT));
    TrainedStudent one =
        train(1, Losses.of(LABELS, HINT), settings, 16, (trained, memory) -> trained);
    TrainedStudent two =
        train(2, Losses.of(LABELS, HINT), settings, 16, (trained, memory) -> trained);

    assertThat(two.heads().keySet()).isEqualTo(one.heads().keySet()).hasSize(2);
    Map<String, FloatTensor> first = firstHeads(1, HINT);
    one.heads()
        .forEach(
            (head, tensor) -> {
              assertThat(two.heads().get(head).values())
                  .as(head)
                  .containsExactly(tensor.values(), offset(1e-5f));
              assertThat(tensor.values()).as(head).isNotEqualTo(first.get(head).values());
            });
    Parameters initial = Parameters.initial(Pictures.student(), 3);
    for (String name : initial.names()) {
      assertThat(two.parameters().values(name))
          .as(name)
          .containsExactly(one.parameters().values(name), offset(1e-5f));
      assertThat(one.parameters().values(name)).as(name).isNotEqualTo(initial.values(name));
    }
  }

  /** Its loss is the part of the training that is done. */
  private record Clock() implements Objective {
    @Override
    public Requirements requires() {
      return Requirements.of("student.logits");
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      return batch.progress().done() + 10 * batch.progress().epoch();
    }
  }

  @Test
  void everyStepKnowsHowFarTheTrainingIs() {
    WeightedTerms loss =
        new WeightedTerms(List.of(new WeightedTerms.Term("clock", 1, new Clock())));

    List<Epoch> epochs = train(2, 2, loss).history().epochs();

    // 121 rows of 16: 8 steps, then 8 more.
    assertThat(epochs.get(0).trainingTerms().get("clock")).isCloseTo(10 + 3.5 / 16, within(1e-5));
    assertThat(epochs.get(1).trainingTerms().get("clock")).isCloseTo(20 + 11.5 / 16, within(1e-5));
    // Validation is as at the end, so that epochs compare.
    assertThat(epochs)
        .allSatisfy(epoch -> assertThat(epoch.validationLoss()).isCloseTo(21, within(1e-5)));
  }
}
