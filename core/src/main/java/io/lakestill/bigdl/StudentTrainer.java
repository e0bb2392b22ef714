package io.lakestill.bigdl;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.EpochBook;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.LearningRate;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowMixing;
import io.lakestill.train.Sharding;
import io.lakestill.train.TrainingProgress;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.apache.spark.api.java.JavaRDD;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a student, data-parallel: each core runs a replica of the BigDL module on its share of
 * every batch, gradients are averaged, and every node updates its weights. How, and what happens
 * when something fails, is said in {@code core/docs/training.md}.
 *
 * <p>Each epoch ends in a validation; the weights of the best epoch are kept. The same graph, seed,
 * rows and cluster shape give the same weights, bit by bit.
 *
 * @param graph the student
 * @param loss what it minimises
 * @param targets how the rows' targets are laid out, made for {@code loss}
 * @param settings epochs, batch, optimizer and loop
 * @param seed of the first weights and of the order of the rows
 * @param cluster where it runs
 */
public record StudentTrainer(
    StudentGraph graph,
    WeightedTerms loss,
    RowLayout targets,
    TrainSettings settings,
    long seed,
    ClusterShape cluster) {
  private static final Logger LOG = LoggerFactory.getLogger(StudentTrainer.class);

  /**
   * @throws LakestillException (exit 2) when the batch cannot be shared evenly by the cores, or
   *     rows are to be mixed that cannot be
   */
  public StudentTrainer {
    int parts = cluster.cores() * settings.loop().accumulate();
    int rowsPerCore = cluster.rowsPerNode(settings.batch()) / cluster.coresPerNode();
    if (settings.batch() % parts != 0) {
      throw Errors.badRecipe(
          ("train.batch = %d cannot be divided into train.accumulate = %d parts on each of %d"
                  + " cores; use a multiple of %d.")
              .formatted(settings.batch(), settings.loop().accumulate(), cluster.cores(), parts));
    }
    boolean normalises = graph.layers().stream().anyMatch(BatchNormalisation.class::isInstance);
    if (rowsPerCore / settings.loop().accumulate() < 2 && normalises) {
      throw Errors.badRecipe(
          ("train.batch = %d leaves one row per core, and batch normalisation has no variance over"
                  + " one row; use at least %d.")
              .formatted(settings.batch(), 2 * parts));
    }
    RowMixing mixing = mixing(graph, settings, seed);
    loss.terms().stream()
        .flatMap(term -> mixing.refusal(term).stream())
        .findFirst()
        .ifPresent(
            why -> {
              throw Errors.badRecipe("train.objectives: " + why);
            });
  }

  private static RowMixing mixing(StudentGraph graph, TrainSettings settings, long seed) {
    return new RowMixing(settings.loop().mix(), graph.input().sizes(), seed);
  }

  /**
   * @param training a partition per node; balanced to differ by at most one row
   * @param validation a partition per node, with the same layout; only first views are used
   * @param events a folder, not yet there, on the driver's local disk, for TensorBoard event files
   * @throws LakestillException (exit 2) when there are fewer rows than a batch has, (exit 4) when
   *     the loss is no longer finite, (exit 75) when executors are lost more often than the
   *     settings bear, or rows fit neither into memory nor on a local disk
   */
  public TrainedStudent train(
      JavaRDD<PackedRow> training,
      JavaRDD<PackedRow> validation,
      Path events,
      TrainingProgress progress) {
    return train(
        training, validation, events, progress, Optional.empty(), (trained, memory) -> trained);
  }

  /**
   * The same for a caller who keeps what the loss remembers, and goes on after it was stopped.
   *
   * @param resumption where states are stored and looked for; empty when a training that is stopped
   *     begins anew
   * @param keep is given what was learned while the executors still remember
   * @return what {@code keep} does
   */
  public <R> R train(
      JavaRDD<PackedRow> training,
      JavaRDD<PackedRow> validation,
      Path events,
      TrainingProgress progress,
      Optional<Resumption> resumption,
      BiFunction<TrainedStudent, LossMemory, R> keep) {
    try (EventFiles files = new EventFiles(events)) {
      Attempts attempts =
          new Attempts(
              this, training, validation, resumption.map(this::checkpoints), progress, files);
      return attempts.run(keep);
    }
  }

  private ResumeCheckpoints checkpoints(Resumption resumption) {
    return new ResumeCheckpoints(
        resumption.folder(), resumption.fingerprint(), settings.loop().checkpoint().keep());
  }

  /** Refuses rows that are fewer than a batch or than there are cores. */
  void requireBatch(PackedDataSet rows) {
    if (rows.size() < cluster.cores()) {
      throw Errors.badRecipe(
          ("There are only %d training rows for %d cores, and every core needs one in each batch;"
                  + " run with fewer cores or give more rows.")
              .formatted(rows.size(), cluster.cores()));
    }
    if (rows.size() < settings.batch()) {
      throw Errors.badRecipe(
          "train.batch = %d, but there are only %d training rows; use a batch of at most %d."
              .formatted(
                  settings.batch(), rows.size(), rows.size() / cluster.cores() * cluster.cores()));
    }
  }

  /** How every node packs its rows. */
  RowPacking packing() {
    return new RowPacking(graph.input().width(), targets.width(), settings.loop().memory(), seed);
  }

  /** What every node is told, but that the engine may still have to be chosen. */
  NodeSetup setup(PackedDataSet rows, TrainingProgress progress) {
    EpochPlan plan = new EpochPlan(rows.size(), settings.batch(), settings.epochs());
    int rowsPerCore = settings.batch() / cluster.cores() / settings.loop().accumulate();
    int samples = Collections.min(rows.nodeRows()) / cluster.coresPerNode();
    BatchLayout layout = BatchLayout.of(loss, graph, targets, rowsPerCore, samples);
    Set<String> sharded = sharded(layout.dimensions(rowsPerCore, samples));
    if (!sharded.isEmpty()) {
      long memory = loss.equip(layout.dimensions(rowsPerCore, samples)).memorySize();
      rows.requireRoom(4L * cluster.coresPerNode() * memory);
      tell(sharded, progress);
    }
    return new NodeSetup(
        Json.line(graph.toJson()),
        loss,
        new LossInputs(layout, plan.parts(settings.loop().accumulate()), seed, samples),
        new EpochBook.Rules(
            plan,
            settings.bestBy(),
            settings.loop().patience(),
            LossNames.of(loss),
            loss.terms().stream().map(term -> term.weight().at(plan.end())).toList(),
            sharded),
        settings.optimizer(),
        LearningRate.of(settings.optimizer(), plan.steps()),
        settings.loop(),
        settings.loop().engine(),
        cluster,
        rowsPerCore,
        new Sharding(loss, layout, cluster.coresPerNode(), rowsPerCore, seed),
        !sharded.isEmpty(),
        mixing(graph, settings, seed),
        seed);
  }

  /** The names of the terms that need shards, which validation rows cannot have. */
  private Set<String> sharded(Dimensions dimensions) {
    List<String> names = LossNames.of(loss);
    Set<String> sharded = new LinkedHashSet<>();
    for (int i = 0; i < names.size(); i++) {
      if (loss.terms().get(i).objective().equip(dimensions).needsShard()) {
        sharded.add(names.get(i));
      }
    }
    return sharded;
  }

  private void tell(Set<String> sharded, TrainingProgress progress) {
    LOG.info("event=no-validation-loss terms={}", sharded);
    progress.notice(
        ("The validation loss leaves out %s: what it remembers or draws from is of training rows"
                + " only.%s")
            .formatted(
                String.join(", ", sharded),
                sharded.size() < loss.terms().size()
                    ? ""
                    : " No term is left, so the best epoch is the one of the best accuracy."));
  }
}
