package io.lakestill.jobs;

import io.lakestill.bigdl.ClusterShape;
import io.lakestill.bigdl.LossMemory;
import io.lakestill.bigdl.MklLibrary;
import io.lakestill.bigdl.Resumption;
import io.lakestill.bigdl.StudentTrainer;
import io.lakestill.bigdl.TrainedStudent;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Build;
import io.lakestill.io.EnumText;
import io.lakestill.io.Json;
import io.lakestill.io.Sha256;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.SignalManifest;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import io.lakestill.train.ResumeFolder;
import io.lakestill.train.RowLayout;
import io.lakestill.train.TrainingEnvironment;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.lang3.SerializationUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One training: a model, a role, a seed. Its checkpoint is replaced when it is done; what was there
 * before stays until then.
 *
 * @param data the recipe's tables
 * @param features how the model sees an example
 * @param training the model, its loss, epochs, batch and optimizer
 * @param role what the model is to the run
 * @param seed of the first weights and of the order of the rows
 * @param signals the recipe's teachers in its order: what they said, if the loss asks for that, and
 *     which examples are in quarantine
 * @param checkpoint the folder of the checkpoint
 * @param tensorBoard the folder of the event files
 */
record TrainJob(
    DataSettings data,
    FeaturePipeline features,
    Blueprint.Training training,
    ModelRole role,
    int seed,
    List<SignalSource> signals,
    Path checkpoint,
    Path tensorBoard) {
  private static final Logger LOG = LoggerFactory.getLogger(TrainJob.class);

  /**
   * Trains, unless the checkpoint is already the one that this training would leave.
   *
   * @throws LakestillException (exit 2) when the batch cannot be shared by the cores or the rows do
   *     not fit into memory, (exit 3) when tables or signals break their contract, (exit 4) when
   *     the training diverges, (exit 75) when executors are lost more often than the recipe bears
   */
  StageLog.Result<CheckpointManifest> run(SparkSession spark, TrainingProgress progress) {
    try {
      Configuration configuration = spark.sessionState().newHadoopConf();
      CheckpointFolder folder = new CheckpointFolder(checkpoint, configuration);
      TrainingInputs inputs = TrainingInputs.of(spark, data);
      Taught taught =
          Taught.current(signals, data, training.objectives().requires(), inputs::reads)
              .takenBy(training.objectives());
      TeacherClassifiers classifiers = new TeacherClassifiers(signals, taught);
      TrainJob given = with(classifiers.given(training.objectives()));
      String fingerprint = given.fingerprint(taught, inputs.files());
      Optional<CheckpointManifest> done = alreadyDone(folder, fingerprint);
      if (done.isPresent()) {
        return StageLog.Result.alreadyDone(done.get());
      }
      classifiers.requireTrue(spark, training.objectives().classifiers());
      return StageLog.Result.done(given.train(spark, folder, taught, fingerprint, progress));
    } catch (Exception e) {
      throw SparkFailures.worded(e, "train");
    }
  }

  /** The same with the loss as it will be computed. */
  private TrainJob with(WeightedTerms loss) {
    return new TrainJob(
        data,
        features,
        new Blueprint.Training(training.graph(), loss, training.settings()),
        role,
        seed,
        signals,
        checkpoint,
        tensorBoard);
  }

  private CheckpointManifest train(
      SparkSession spark,
      CheckpointFolder folder,
      Taught taught,
      String fingerprint,
      TrainingProgress progress)
      throws IOException {
    // Once more while pages are read, by their checksums; but those of columns that nobody reads
    // would go unseen, and Parquet does not say in which file a page was.
    taught.requireSound(
        spark, training.needsSignals() ? TableCheck.Depth.BYTES : TableCheck.Depth.FOOTERS);
    ClusterShape cluster = ClusterShape.ofRunningSpark();
    RowLayout targets =
        RowLayout.targets(
            training.objectives().requires(),
            taught.shapes(training.objectives().requires()),
            taught.keptCounts());
    StudentTrainer trainer =
        new StudentTrainer(
            training.graph(), training.objectives(), targets, training.settings(), seed, cluster);
    PackedTables tables =
        PackedTables.pack(
            spark,
            new PackedTables.Plan(
                data, features, targets, taught, training.rowWeights(), cluster.nodes()));
    List<Node> nodes = new NodeSurvey(spark.sparkContext(), cluster).ask(progress::notice);
    java.nio.file.Path events = Files.createTempDirectory("lakestill-events");
    try {
      return trainer.train(
          tables.training(),
          tables.validation(),
          events.resolve("run"),
          progress,
          Optional.of(new Resumption(ResumeFolder.in(folder), fingerprint)),
          (trained, memory) -> {
            publishEvents(events.resolve("run"), folder.configuration());
            CheckpointManifest weights =
                manifest(folder, trained, tables.rows(), taught, fingerprint, cluster, nodes);
            folder.commit(weights);
            return withMemory(folder, weights, memory, progress);
          });
    } finally {
      FileUtil.fullyDelete(events.toFile());
    }
  }

  /** The weights are safe by now; what cannot be had of the memory costs a warning, not them. */
  private static CheckpointManifest withMemory(
      CheckpointFolder folder,
      CheckpointManifest weights,
      LossMemory memory,
      TrainingProgress progress) {
    try {
      CheckpointManifest whole = weights.withMemory(memory.store(folder));
      if (!whole.memory().isEmpty()) {
        folder.commit(whole);
      }
      return whole;
    } catch (Exception e) {
      String reason = SparkFailures.worded(e, "train").getMessage();
      LOG.warn("event=memory-not-stored reason=\"{}\"", reason);
      progress.notice(
          "The weights are stored, but the banks and queues of the loss are not: " + reason);
      return weights;
    }
  }

  private Optional<CheckpointManifest> alreadyDone(CheckpointFolder folder, String fingerprint) {
    try {
      Optional<CheckpointManifest> done =
          folder.manifest().filter(manifest -> manifest.fingerprint().equals(fingerprint));
      done.ifPresent(folder::requireSound);
      return done;
    } catch (LakestillException | UncheckedIOException e) {
      LOG.warn("event=train-again reason=\"{}\"", e.getMessage());
      return Optional.empty();
    }
  }

  /** SHA-256 over everything the training depends on, apart from the shape of the cluster. */
  private String fingerprint(Taught taught, List<InputSnapshot> inputs) {
    List<String> parts = new ArrayList<>();
    parts.add("lakestill train 2");
    parts.add(role + " " + seed);
    parts.add(Json.line(training.graph().toJson()));
    // The loss as it travels to executors: every option of every term.
    parts.add(Sha256.of(SerializationUtils.serialize(training.objectives())));
    parts.add(training.settings().epochs() + " " + training.settings().batch());
    parts.add(training.settings().optimizer() + " best by " + training.settings().bestBy());
    parts.add(numbers(training.settings().loop()));
    parts.add(features.fingerprint());
    parts.add("views " + data.views().count());
    parts.add("key " + data.id() + ", label " + data.label() + ", classes " + data.classes());
    parts.add(
        data.validation().isPresent() ? "validation" : "held out " + data.validationFraction());
    inputs.forEach(input -> parts.add(input.toString()));
    taught.versions().forEach(version -> parts.addAll(dependsOn(version.manifest())));
    return Sha256.of(String.join("\n", parts));
  }

  /** What of the loop changes what is learned. */
  private static String numbers(LoopSettings loop) {
    String numbers =
        "%s, %d parts, %d local steps, %s, clip %s, average %s, patience %d"
            .formatted(
                EnumText.of(loop.engine()),
                loop.accumulate(),
                loop.localSteps(),
                loop.exchange().precision(),
                loop.clip(),
                loop.average(),
                loop.patience());
    return loop.mix().mixes() ? numbers + ", " + loop.mix() : numbers;
  }

  /** A loss that asks nothing of the teacher depends on its quarantine only. */
  private List<String> dependsOn(SignalManifest taught) {
    return training.needsSignals()
        ? List.of(taught.fingerprint())
        : taught.quarantine().stream().map(file -> "quarantine " + file.sha256()).toList();
  }

  private CheckpointManifest manifest(
      CheckpointFolder folder,
      TrainedStudent trained,
      CheckpointManifest.Rows rows,
      Taught taught,
      String fingerprint,
      ClusterShape cluster,
      List<Node> nodes) {
    return new CheckpointManifest(
        role.written(),
        seed,
        training.graph(),
        folder.store(trained.parameters()),
        folder.storeHeads(trained.heads()),
        List.of(),
        trained.history().best(training.settings().bestBy()).number(),
        trained.history(),
        rows,
        training.needsSignals() ? taught.learnedFrom() : List.of(),
        training.experimental(),
        fingerprint,
        "%s, BigDL 2.5, %d x %d cores"
            .formatted(EnumText.of(trained.engine()), cluster.nodes(), cluster.coresPerNode()),
        Optional.of(environment(trained, nodes)),
        Build.version(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  private static TrainingEnvironment environment(TrainedStudent trained, List<Node> nodes) {
    SortedMap<String, String> versions = new TreeMap<>(MklLibrary.versions());
    versions.put("engine", EnumText.of(trained.engine()));
    versions.put("java", nodes.get(0).java());
    versions.put("spark", org.apache.spark.package$.MODULE$.SPARK_VERSION());
    return new TrainingEnvironment(
        trained.legs(),
        nodes.stream().map(Node::processor).toList(),
        nodes.stream().map(Node::system).toList(),
        versions);
  }

  private void publishEvents(java.nio.file.Path events, Configuration configuration) {
    try {
      FileSystem files = tensorBoard.getFileSystem(configuration);
      files.delete(tensorBoard, true);
      files.mkdirs(tensorBoard);
      for (String part : List.of("train", "validation")) {
        FileUtil.copy(
            events.resolve(part).toFile(),
            files,
            new Path(tensorBoard, part),
            false,
            configuration);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write event files to '" + tensorBoard + "'", e);
    }
  }
}
