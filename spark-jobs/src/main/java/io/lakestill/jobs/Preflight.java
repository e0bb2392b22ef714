package io.lakestill.jobs;

import com.typesafe.config.ConfigRenderOptions;
import io.lakestill.bigdl.ClusterShape;
import io.lakestill.bigdl.StudentTrainer;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Build;
import io.lakestill.io.Sha256;
import io.lakestill.io.StoredFile;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.TableSettings;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.RowLayout;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
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

  Preflight(SparkSession spark, Blueprint blueprint, OutputFolder output, Console console) {
    this.spark = spark;
    this.blueprint = blueprint;
    this.data = blueprint.recipe().data();
    this.output = output;
    this.console = console;
  }

  /**
   * @param stages what will run
   * @param faults what was found before; this adds to it
   * @throws LakestillException (exit 2) when the recipe or the cluster is at fault, (exit 3) when
   *     only the input is
   */
  void check(Set<Stage> stages, Faults faults) {
    long start = System.nanoTime();
    faults.gather(this::checkSerializer);
    Optional<ClusterShape> cluster = checkBatches(stages, faults);
    List<Map<String, List<Integer>>> signals =
        stages.contains(Stage.TEACH) || stages.contains(Stage.EVALUATE)
            ? checkTeachers(faults)
            : blueprint.teachers().stream().map(any -> Map.<String, List<Integer>>of()).toList();
    Map<String, List<Integer>> stored =
        stages.contains(Stage.TEACH) || stages.contains(Stage.TRAIN)
            ? faults.gather(() -> future().shapes(signals, stages)).orElse(Map.of())
            : Map.of();
    cluster.ifPresent(shape -> faults.gather(() -> checkTerms(stages, stored, shape)));
    if (stages.contains(Stage.TEACH) && data.date().isPresent()) {
      faults.gather(() -> new ExampleDates(spark, data));
    }
    if (stages.contains(Stage.TEACH)) {
      blueprint.teachers().forEach(teacher -> faults.gather(() -> checkStore(teacher.id())));
    }
    Optional<String> read = checkTables(stages, faults);
    faults.throwIfAny();
    read.ifPresent(state -> checkedFile().replace(state));
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

  /**
   * A batch is refused by the trainer itself, which is made here and thrown away.
   *
   * @return where trainings will run; empty when there is none, or one cannot
   */
  private Optional<ClusterShape> checkBatches(Set<Stage> stages, Faults faults) {
    List<Blueprint.Training> students = new ArrayList<>();
    if (stages.contains(Stage.TRAIN)) {
      students.add(blueprint.student());
      blueprint.scratch().ifPresent(students::add);
    }
    Map<String, Blueprint.Training> teachers = trainedTeachers(stages);
    if (students.isEmpty() && teachers.isEmpty()) {
      return Optional.empty();
    }
    Optional<ClusterShape> cluster = faults.gather(ClusterShape::ofRunningSpark);
    if (cluster.isEmpty()) {
      return cluster;
    }
    boolean sound = true;
    for (Map.Entry<String, Blueprint.Training> teacher : teachers.entrySet()) {
      sound &=
          faults
              .gather(() -> checkBatch(teacher.getKey(), teacher.getValue(), cluster.get()))
              .isPresent();
    }
    for (Blueprint.Training training : students) {
      sound &= faults.gather(() -> checkBatch(training, cluster.get())).isPresent();
    }
    return sound ? cluster : Optional.empty();
  }

  /** The teachers to train, by their sections of the recipe. */
  private Map<String, Blueprint.Training> trainedTeachers(Set<Stage> stages) {
    Map<String, Blueprint.Training> trained = new LinkedHashMap<>();
    for (int i = 0; stages.contains(Stage.TEACH) && i < blueprint.teachers().size(); i++) {
      String section = TeacherPlan.section(blueprint.recipe().source(), i);
      blueprint.teachers().get(i).training().ifPresent(made -> trained.put(section, made));
    }
    return trained;
  }

  private static StudentTrainer checkBatch(
      String section, Blueprint.Training training, ClusterShape cluster) {
    try {
      return checkBatch(training, cluster);
    } catch (LakestillException e) {
      throw Errors.badRecipe(section + "." + e.getMessage());
    }
  }

  private static StudentTrainer checkBatch(Blueprint.Training training, ClusterShape cluster) {
    // What the teacher says is not known yet, and a batch does not depend on it.
    Blueprint.Training labels = training.withoutTeacher();
    return new StudentTrainer(
        labels.graph(),
        labels.objectives(),
        RowLayout.targets(labels.objectives().requires(), Map.of()),
        labels.settings(),
        labels.firstSeed(),
        cluster);
  }

  /** The shapes of their signals; one that is trained here is looked at when it is there. */
  private List<Map<String, List<Integer>>> checkTeachers(Faults faults) {
    TeacherShapes shapes = new TeacherShapes(spark, blueprint, output);
    return blueprint.teachers().stream()
        .map(teacher -> faults.gather(() -> shapes.of(teacher)).orElse(Map.of()))
        .toList();
  }

  private void checkStore(String teacher) {
    SignalTable table = new SignalTable(output.signals(teacher), configuration());
    SliceStore.requireUsable(spark, blueprint.recipe(), teacher, table);
  }

  private FutureSignals future() {
    return new FutureSignals(blueprint, output, configuration());
  }

  /** The terms of every loss, with the signals they will have. */
  private void checkTerms(
      Set<Stage> stages, Map<String, List<Integer>> stored, ClusterShape cluster) {
    Problems problems = new Problems();
    trainedTeachers(stages)
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
  }

  private static int rowsPerCore(Blueprint.Training training, ClusterShape cluster) {
    return cluster.rowsPerNode(training.settings().batch()) / cluster.coresPerNode();
  }

  /** Training examples of one core; empty when the table is at fault, which is said elsewhere. */
  private OptionalInt samples(ClusterShape cluster) {
    try {
      int cores = cluster.cores();
      long each = counted(Split.TRAIN, List.of()) / cores;
      return OptionalInt.of((int) Math.min(each, Integer.MAX_VALUE));
    } catch (LakestillException e) {
      return OptionalInt.empty();
    }
  }

  /** Where only dates are taught, each is checked in its turn: others need not be sound. */
  private Set<Split> splits(Set<Stage> stages) {
    Set<Split> splits = EnumSet.noneOf(Split.class);
    boolean taughtAsOne = stages.contains(Stage.TEACH) && data.date().isEmpty();
    if (taughtAsOne || stages.contains(Stage.TRAIN)) {
      splits.add(Split.TRAIN);
      splits.add(Split.VALIDATION);
    }
    if (stages.contains(Stage.EVALUATE)) {
      splits.add(Split.TEST);
    }
    return splits;
  }

  /**
   * @return what to remember when nothing else is at fault; empty when the tables are as they were
   *     when they were found sound, or are at fault
   */
  private Optional<String> checkTables(Set<Stage> stages, Faults faults) {
    Set<Split> splits = splits(stages);
    List<OwnFeatures> shown =
        stages.contains(Stage.TEACH) ? OwnFeatures.of(blueprint.recipe()) : List.of();
    Optional<String> state = state(splits, shown);
    if (splits.isEmpty() || (state.isPresent() && known().equals(state))) {
      return Optional.empty();
    }
    boolean sound = true;
    for (Split split : splits) {
      // A training asks for signals, never for what a teacher was shown.
      List<OwnFeatures> more = split == Split.TEST ? OwnFeatures.of(blueprint.recipe()) : shown;
      sound &= faults.gather(() -> counted(split, more)).isPresent();
    }
    if (sound) {
      faults.gather(() -> refuseShared(splits));
      faults.gather(() -> new ScoreChecks(spark, blueprint).check(splits));
    }
    return state;
  }

  private long counted(Split split, List<OwnFeatures> shown) {
    try {
      return ExampleTable.checked(spark, data, split, shown).count();
    } catch (RuntimeException e) {
      throw SparkFailures.worded(e, "check");
    }
  }

  private void refuseShared(Set<Split> splits) {
    if (splits.size() == Split.values().length) {
      ExampleTable.refuseShared(spark, data);
    } else if (splits.contains(Split.TRAIN) && data.validation().isPresent()) {
      ExampleTable.refuseShared(spark, data, Split.TRAIN, Split.VALIDATION);
    }
  }

  /** SHA-256 over the tables' files and how they are read; empty when one cannot be listed. */
  private Optional<String> state(Set<Split> splits, List<OwnFeatures> shown) {
    List<String> parts = new ArrayList<>();
    parts.add("lakestill check 1 " + Build.version() + " " + splits);
    parts.add(blueprint.recipe().source().getObject("data").render(ConfigRenderOptions.concise()));
    shown.forEach(own -> parts.add(own.toString()));
    try {
      for (Split split : splits) {
        TableSettings table = ExampleTable.table(data, split);
        parts.add(InputSnapshot.of(table.path(), table.where(), configuration()).toString());
      }
      parts.addAll(new ScoreChecks(spark, blueprint).state());
      return Optional.of(Sha256.of(String.join("\n", parts)));
    } catch (LakestillException | UncheckedIOException | IllegalArgumentException e) {
      return Optional.empty(); // Worded by the check of that table.
    }
  }

  private Optional<String> known() {
    try {
      return checkedFile().text();
    } catch (UncheckedIOException e) {
      return Optional.empty(); // Reading the tables again is safe.
    }
  }

  private StoredFile checkedFile() {
    return new StoredFile(output.checked(), configuration());
  }

  private Configuration configuration() {
    return spark.sessionState().newHadoopConf();
  }
}
