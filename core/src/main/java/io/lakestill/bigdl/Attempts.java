package io.lakestill.bigdl;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.error.TrainingErrors;
import io.lakestill.io.Meter;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest.ParameterFile;
import io.lakestill.train.PackedRow;
import io.lakestill.train.ResumeManifest;
import io.lakestill.train.RowsHeld;
import io.lakestill.train.TrainingEnvironment.Leg;
import io.lakestill.train.TrainingProgress;
import io.lakestill.train.exchange.ExchangeFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import org.apache.spark.api.java.JavaRDD;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A training from its last checkpoint to its end, and again when it loses an executor on the way,
 * as often as the settings say.
 *
 * @param trainer what is trained
 * @param training a partition per node
 * @param validation a partition per node
 * @param checkpoints where states are; empty when every attempt begins anew
 * @param progress is told
 * @param files of events
 */
record Attempts(
    StudentTrainer trainer,
    JavaRDD<PackedRow> training,
    JavaRDD<PackedRow> validation,
    Optional<ResumeCheckpoints> checkpoints,
    TrainingProgress progress,
    EventFiles files) {
  /** How Spark says that an executor, or what it held, is gone. */
  private static final List<String> LOST =
      List.of("ExecutorLostFailure", "Checkpoint block", "Could not recover from a failed barrier");

  private static final Duration HASTE = Duration.ofSeconds(1);
  private static final Logger LOG = LoggerFactory.getLogger(Attempts.class);

  /** How an attempt ended. */
  private record Ended(PackedDataSet rows, NodeSetup setup, TrainedStudent trained) {}

  <R> R run(BiFunction<TrainedStudent, LossMemory, R> keep) {
    Ended ended = untilDone();
    try {
      files.finish();
      R result =
          keep.apply(
              ended.trained(),
              folder -> ended.setup().sharded() ? memory(ended, folder) : List.of());
      checkpoints.ifPresent(states -> states.folder().delete());
      return result;
    } finally {
      end(ended.rows());
    }
  }

  private static List<ParameterFile> memory(Ended ended, CheckpointFolder folder) {
    try {
      return ended.rows().storeMemory(ended.setup().sharding(), folder, steps(ended));
    } catch (Exception e) { // Spark's Scala throws checked ones it does not declare.
      throw isLoss(e) ? TrainingErrors.memoryGone(e) : known(e);
    }
  }

  private static int steps(Ended ended) {
    int epochs = ended.trained().history().epochs().size();
    return ended.setup().rules().plan().lastStep(epochs) * ended.setup().loop().accumulate();
  }

  private void end(PackedDataSet rows) {
    if (training.context().isStopped()) {
      return;
    }
    try {
      rows.end();
    } catch (Exception e) { // Spark's Scala throws checked ones it does not declare.
      LOG.warn("event=rows-not-freed reason=\"{}\"", e.getMessage());
      rows.close();
    }
  }

  private Ended untilDone() {
    int allowed = trainer.settings().loop().restarts();
    for (int restarts = 0; ; restarts++) {
      PackedDataSet rows = packed();
      try {
        tell(rows.held());
        trainer.requireBatch(rows);
        NodeSetup setup = trainer.setup(rows, restarts == 0 ? progress : TrainingProgress.silent());
        return new Ended(rows, setup, attempt(rows, setup));
      } catch (Exception e) { // Spark's Scala throws checked ones it does not declare.
        if (training.context().isStopped()) {
          throw TrainingErrors.sparkStopped(
              "the training ran", checkpoints.flatMap(ResumeCheckpoints::newest), e);
        }
        rows.close();
        if (!isLoss(e)) {
          throw known(e);
        }
        if (restarts == allowed) {
          throw TrainingErrors.executorLost(
              restarts, checkpoints.flatMap(ResumeCheckpoints::newest), root(e));
        }
        LOG.warn("event=training-restarts reason=\"{}\"", root(e).getMessage());
        progress.notice(
            "The training lost an executor or what it held, and goes on from its last checkpoint.");
        awaitExecutors();
        Meter.TRAIN_RESTARTS.add(1);
      }
    }
  }

  /**
   * An executor that has just come is known before it takes tasks, and another one packs its rows,
   * too; packed again, they go where they belong.
   */
  private PackedDataSet packed() {
    long end = System.nanoTime() + new Executors(training.context()).timeout().toNanos();
    while (true) {
      PackedDataSet rows =
          new PackedDataSet(training, validation, trainer.cluster(), trainer.packing());
      if (rows.isSpread() || System.nanoTime() - end > 0) {
        return rows;
      }
      LOG.info("event=rows-packed-again reason=\"an executor has the rows of two nodes\"");
      rows.close();
      LockSupport.parkNanos(HASTE.toNanos());
    }
  }

  private void tell(RowsHeld rows) {
    LOG.info(
        "event=rows-packed rows={} heap-bytes={} disk-bytes={}",
        rows.rows(),
        rows.heapBytes(),
        rows.diskBytes());
    progress.packed(rows);
  }

  private TrainedStudent attempt(PackedDataSet rows, NodeSetup setup) {
    Optional<ResumeManifest> found = checkpoints.flatMap(states -> found(states, setup));
    checkpoints.ifPresent(
        states -> states.folder().forgetAfter(found.map(f -> f.position().step()).orElse(0)));
    List<RestorePoint> from = found.map(f -> point(checkpoints.orElseThrow(), f)).stream().toList();
    TrainingMonitor monitor =
        new TrainingMonitor(
            setup.rules().plan(),
            setup.rate(),
            progress,
            files,
            from.stream().flatMap(point -> point.epochs().stream()).toList());
    TrainingEngine engine = found.map(ResumeManifest::engine).orElseGet(() -> engine(rows, setup));
    return new TrainingLoop(
            rows, setup.computedBy(engine), legs(found, setup.cluster()), monitor, checkpoints)
        .run(from);
  }

  private TrainingEngine engine(PackedDataSet rows, NodeSetup setup) {
    return setup.engine() == TrainingEngine.AUTO
        ? EngineChoice.of(rows, setup, progress)
        : setup.engine();
  }

  /**
   * The shapes from the first step on; another one begins where there is a checkpoint of another.
   */
  private static List<Leg> legs(Optional<ResumeManifest> found, ClusterShape cluster) {
    List<Leg> legs = new ArrayList<>(found.map(ResumeManifest::legs).orElse(List.of()));
    if (found.filter(state -> cluster.isOf(state.shape())).isEmpty()) {
      legs.add(cluster.leg(found.map(state -> state.position().step()).orElse(0)));
    }
    return legs;
  }

  /** The newest state, if it fits this cluster. */
  private Optional<ResumeManifest> found(ResumeCheckpoints states, NodeSetup setup) {
    Optional<ResumeManifest> newest = states.folder().newest(states.fingerprint());
    newest.ifPresent(
        found -> {
          boolean sameShape = setup.cluster().isOf(found.shape());
          LOG.info(
              "event=training-resumed step={} same-shape={}", found.position().step(), sameShape);
          progress.notice(
              sameShape
                  ? "Going on after step %d.".formatted(found.position().step())
                  : ("There is a checkpoint of step %d of %d x %d cores; here are %d x %d, so %s.")
                      .formatted(
                          found.position().step(),
                          found.shape().nodes(),
                          found.shape().cores(),
                          setup.cluster().nodes(),
                          setup.cluster().coresPerNode(),
                          setup.sharded()
                              ? "the training begins anew, since its banks and queues belong to"
                                  + " cores"
                              : "the rows are dealt anew and the training goes on"));
        });
    return newest.filter(found -> !setup.sharded() || setup.cluster().isOf(found.shape()));
  }

  private static RestorePoint point(ResumeCheckpoints states, ResumeManifest found) {
    return new RestorePoint(
        states.place(),
        found.position().step(),
        found.state(),
        found.memory(),
        found.history().epochs(),
        found.position().open());
  }

  private static boolean isLoss(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      String message = String.valueOf(t.getMessage());
      boolean tryAgain =
          t instanceof LakestillException known && known.exitCode() == ExitCode.TRY_AGAIN;
      if (tryAgain || t instanceof ExchangeFault || LOST.stream().anyMatch(message::contains)) {
        return true;
      }
    }
    return false;
  }

  /** The first that is ours, else the last of the causes. */
  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null
        && !(root instanceof ExchangeFault || root instanceof LakestillException)) {
      root = root.getCause();
    }
    return root;
  }

  /** Spark wraps what a task threw; the message for a person is the innermost one. */
  private static RuntimeException known(Exception failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof LakestillException known) {
        return known;
      }
    }
    return failure instanceof RuntimeException unchecked
        ? unchecked
        : new IllegalStateException("The training failed: " + failure.getMessage(), failure);
  }

  /** The cluster's manager starts another executor in the place of a lost one, in its own time. */
  private void awaitExecutors() {
    Executors executors = new Executors(training.context());
    if (!executors.await(trainer.cluster().nodes(), present -> {})) {
      throw TrainingErrors.executorLost(
          trainer.settings().loop().restarts(),
          checkpoints.flatMap(ResumeCheckpoints::newest),
          new IllegalStateException(
              "no other executor came within %d s".formatted(executors.timeout().toSeconds())));
    }
  }
}
