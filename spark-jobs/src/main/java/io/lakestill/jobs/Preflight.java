package io.lakestill.jobs;

import io.lakestill.bigdl.ClusterShape;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.StoredFile;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.Problems;
import io.lakestill.signal.SignalTable;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.sql.SparkSession;

/**
 * Refuses a run before it spends anything: finds every fault of tables, teacher, batches, cluster
 * and output, and says all of them at once. Tables that were found sound are not read again while
 * they stay as they are. The stages keep their own checks; they can be run alone.
 */
final class Preflight {
  private static final String SERIALIZER = "org.apache.spark.serializer.JavaSerializer";
  private static final String SHARED = "spark.lakestill.output.shared";

  private final SparkSession spark;
  private final Blueprint blueprint;
  private final DataSettings data;
  private final OutputFolder output;
  private final Console console;
  private final TableChecks tables;

  Preflight(SparkSession spark, Blueprint blueprint, OutputFolder output, Console console) {
    this.spark = spark;
    this.blueprint = blueprint;
    this.data = blueprint.recipe().data();
    this.output = output;
    this.console = console;
    this.tables =
        new TableChecks(spark, blueprint, new StoredFile(output.checked(), configuration()));
  }

  /**
   * @param stages what will run
   * @param faults what was found before; this adds to it
   * @throws LakestillException (exit 2) when the recipe or the cluster is at fault, (exit 3) when
   *     only the input is, (exit 75) when the executors of a training do not come in time
   */
  void check(Set<Stage> stages, Faults faults) {
    long start = System.nanoTime();
    faults.gather(this::checkSerializer);
    TrainingChecks trainings = new TrainingChecks(blueprint, stages, spark.sparkContext());
    Optional<ClusterShape> cluster = trainings.shape(faults);
    List<TeacherShapes.Known> teachers =
        stages.contains(Stage.TEACH) || stages.contains(Stage.EVALUATE)
            ? checkTeachers(faults)
            : blueprint.teachers().stream().map(any -> TeacherShapes.Known.NOTHING).toList();
    List<Map<String, List<Integer>>> signals =
        teachers.stream().map(TeacherShapes.Known::signals).toList();
    Map<String, List<Integer>> stored =
        stages.contains(Stage.TEACH) || stages.contains(Stage.TRAIN)
            ? faults.gather(() -> future().shapes(signals, stages)).orElse(Map.of())
            : Map.of();
    boolean fits =
        cluster
            .flatMap(shape -> faults.gather(() -> checkTerms(trainings, stages, stored, shape)))
            .isPresent();
    if (stages.contains(Stage.TEACH) && data.date().isPresent()) {
      faults.gather(() -> new ExampleDates(spark, data));
    }
    if (stages.contains(Stage.TEACH)) {
      blueprint.teachers().forEach(teacher -> faults.gather(() -> checkStore(teacher.id())));
    }
    List<Node> nodes = List.of();
    if (faults.isEmpty()) { // Nobody waits for executors of a run that is refused.
      nodes = cluster.map(shape -> trainings.nodes(shape, console, faults)).orElse(nodes);
      faults.throwIfAny(); // To read tables takes native libraries, too.
    }
    Optional<TableChecks.Found> found = tables.check(stages, faults);
    Optional<TableChecks.Counts> counts = found.flatMap(TableChecks.Found::counts);
    if (fits && counts.isPresent()) {
      Map<String, Integer> kept = new HashMap<>();
      future().signals(stages).topk().forEach((signal, codec) -> kept.put(signal, codec.k()));
      MemoryChecks memory =
          new MemoryChecks(
              ExecutorRoom.of(spark.sparkContext()),
              nodes,
              speaking(teachers, cluster.orElseThrow()));
      trainings.memory(cluster.orElseThrow(), stored, kept, counts.get(), memory, console, faults);
    }
    faults.throwIfAny();
    found.ifPresent(tables::remember);
    console.line(
        "▸ check: nothing stands in the way (%s)"
            .formatted(Console.shown(Duration.ofNanos(System.nanoTime() - start))));
  }

  /**
   * @throws LakestillException (exit 2) when executors on other machines would write to disks of
   *     their own
   */
  void refuseLocalOutput() {
    if (!spark.sparkContext().getConf().getBoolean(SHARED, false)) {
      SparkExecutorInfo[] executors = spark.sparkContext().statusTracker().getExecutorInfos();
      refuseLocal(output.root(), Arrays.stream(executors).map(SparkExecutorInfo::host).toList());
    }
  }

  static void refuseLocal(Path root, List<String> executors) {
    if (!"file".equals(root.toUri().getScheme())) {
      return;
    }
    executors.stream()
        .filter(host -> !isThisMachine(host))
        .findFirst()
        .ifPresent(
            host -> {
              throw Errors.badRecipe(
                  ("Output '%s' is a folder of each machine, so the executor on %s would write to a"
                          + " disk of its own; give --output on a file system that all of them share,"
                          + " such as hdfs:// or s3a://. If it is a shared mount, say so with --conf"
                          + " %s=true.")
                      .formatted(root, host, SHARED));
            });
  }

  private static boolean isThisMachine(String host) {
    try {
      InetAddress address = InetAddress.getByName(host);
      return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
    } catch (UnknownHostException | SocketException e) {
      return false;
    }
  }

  private void checkSerializer() {
    String serializer = spark.sparkContext().getConf().get("spark.serializer", SERIALIZER);
    if (!serializer.equals(SERIALIZER)) {
      throw Errors.badRecipe(
          "spark.serializer is %s, which cannot carry Java records; give --conf spark.serializer=%s."
              .formatted(serializer, SERIALIZER));
    }
  }

  /** One that is trained here is looked at when it is there. */
  private List<TeacherShapes.Known> checkTeachers(Faults faults) {
    TeacherShapes shapes = new TeacherShapes(spark, blueprint, output);
    return blueprint.teachers().stream()
        .map(teacher -> faults.gather(() -> shapes.of(teacher)).orElse(TeacherShapes.Known.NOTHING))
        .toList();
  }

  /**
   * Bytes outside the heap that ONNX Runtime still holds in the processes of a training: a session
   * stays open until another model's is opened.
   */
  private long speaking(List<TeacherShapes.Known> teachers, ClusterShape cluster) {
    long most = 0;
    for (int i = 0; i < teachers.size(); i++) {
      long values = blueprint.teachers().get(i).features().width() + teachers.get(i).values();
      int batch = blueprint.recipe().signals().batch();
      long model = teachers.get(i).modelBytes();
      most = Math.max(most, Memory.onnx(model, values, batch, cluster.coresPerNode()));
    }
    return most;
  }

  private void checkStore(String teacher) {
    SignalTable table = new SignalTable(output.signals(teacher), configuration());
    SliceStore.requireUsable(spark, blueprint.recipe(), teacher, table);
  }

  private FutureSignals future() {
    return new FutureSignals(blueprint, output, configuration());
  }

  /**
   * The terms of every loss, with the signals they will have.
   *
   * @return that they are sound
   */
  private boolean checkTerms(
      TrainingChecks trainings,
      Set<Stage> stages,
      Map<String, List<Integer>> stored,
      ClusterShape cluster) {
    Problems problems = new Problems();
    trainings
        .teachers()
        .values()
        .forEach(
            training ->
                new TermChecks(training, problems)
                    .sizes(rowsPerCore(training, cluster), () -> samples(cluster), Map.of()));
    if (stages.contains(Stage.TRAIN)) {
      Blueprint.Training student = blueprint.student();
      TermChecks checks = new TermChecks(student, problems);
      TeacherSignals signals = future().signals(stages);
      checks.topk(signals.topk());
      checks.expressions(signals, spark);
      checks.sizes(rowsPerCore(student, cluster), () -> samples(cluster), stored);
      TeacherFiles files = new TeacherFiles(blueprint, output, configuration());
      checks.classifiers(new FutureClassifiers(blueprint, files, stored)::refusal);
    }
    problems.throwIfAny(blueprint.recipe().name());
    return true;
  }

  private static int rowsPerCore(Blueprint.Training training, ClusterShape cluster) {
    return cluster.rowsPerNode(training.settings().batch()) / cluster.coresPerNode();
  }

  /** Training examples of one core; empty when the table is at fault, which is said elsewhere. */
  private OptionalInt samples(ClusterShape cluster) {
    try {
      int cores = cluster.cores();
      long each = tables.counted(Split.TRAIN, List.of()) / cores;
      return OptionalInt.of((int) Math.min(each, Integer.MAX_VALUE));
    } catch (LakestillException e) {
      return OptionalInt.empty();
    }
  }

  private Configuration configuration() {
    return spark.sessionState().newHadoopConf();
  }
}
