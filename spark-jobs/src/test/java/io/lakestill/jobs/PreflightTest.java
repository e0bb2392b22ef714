package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreflightTest {
  private static final Set<Stage> EVERYTHING = EnumSet.allOf(Stage.class);
  private static final String NO_TEACHER = "teacher=null";
  private static final String TEACHER_HERE =
      "teacher={onnx=null,id=t,graph{layers=[{type=flatten},{type=linear,width=10}]},"
          + "train{objectives=[{type=cross-entropy}],batch=61}}";

  @TempDir Path folder;

  private SparkSession spark;

  @BeforeEach
  void startSpark() {
    spark = Digits.spark();
  }

  @Test
  void findsFaultsOfRecipeClusterAndTablesAtOnce() {
    assertRefused(
        EVERYTHING,
        ExitCode.BAD_RECIPE,
        List.of(TEACHER_HERE, "train.batch=127", "data.test=/nowhere/test.parquet"),
        "3 faults; nothing was run:",
        "\n  - teacher.train.batch = 61 cannot be shared evenly by 2 cores",
        "\n  - train.batch = 127 cannot be shared evenly by 2 cores",
        "use 126 or 128",
        "\n  - There is no table at '/nowhere/test.parquet'");
  }

  @Test
  void namesTheTeacherWhoseBatchCannotBeShared() {
    String both =
        "teachers=[{id=a,onnx=none},{id=b,graph{layers=[{type=flatten},{type=linear,width=10}]},"
            + "train{objectives=[{type=cross-entropy}],batch=61}}]";

    assertRefused(
        EnumSet.of(Stage.TEACH),
        ExitCode.BAD_RECIPE,
        List.of(NO_TEACHER, both),
        "\n  - teachers[1].train.batch = 61 cannot be shared evenly by 2 cores");
  }

  @Test
  void refusesExpressionsBeforeAnySignalWasSaid() {
    assertRefused(
        EnumSet.of(Stage.TRAIN),
        ExitCode.BAD_RECIPE,
        List.of(
            "train.objectives=[{type=kd-kl,where=\"entropi < 1\",weight=\"rand()\"},"
                + "{type=cross-entropy}]",
            "data.test=/nowhere/test.parquet"),
        "Recipe 'test' has 2 problems; nothing was run:",
        "--set train.objectives: train.objectives[0].where: 'entropi < 1' is refused: ",
        "columns here: sample_id, view_id, content_hash, teacher_id, label, argmax, entropy,"
            + " margin, logits",
        "train.objectives[0].weight: 'rand()' gives another value each time");
  }

  @Test
  void letsTermsSayWhatDoesNotFitTheTeacherThatWillBeTrained() {
    String teacher =
        "teacher={onnx=null,id=t,outputs{embedding=embedding},graph{architecture=mlp,hidden=[16]},"
            + "train{objectives=[{type=cross-entropy}],batch=64}}";

    assertRefused(
        EVERYTHING,
        ExitCode.BAD_RECIPE,
        List.of(teacher, "train.objectives=[{type=cosine-embedding},{type=pkt}]"),
        "Recipe 'test' has 1 problem; nothing was run:",
        "train.objectives[0]: cannot be computed from rows of student.embedding [32],"
            + " teacher.embedding [16]: ");
  }

  @Test
  void refusesTermsThatNeedMoreThanTopkWillKeep() {
    String teacher =
        "teacher={onnx=null,id=t,graph{architecture=mlp,hidden=[16]},"
            + "train{objectives=[{type=cross-entropy}],batch=64}}";

    assertRefused(
        EVERYTHING,
        ExitCode.BAD_RECIPE,
        List.of(
            teacher,
            "signals.codecs.logits=topk",
            "signals.topk.k=4",
            "train.objectives=[{type=kd-kl,where=\"logits[0] > 0\"},"
                + "{type=topk-kl,k=5,temperature=4},{type=topk-kl,k=4,temperature=3}]"),
        "Recipe 'test' has 4 problems; nothing was run:",
        "train.objectives[0].type: needs all of the teacher's 'logits', but of each row only the 4"
            + " largest are stored (topk)",
        "train.objectives[0].where: 'logits[0] > 0' is refused: ",
        "train.objectives[1].k: is 5, but of each row of 'logits' only the 4 largest are stored",
        "train.objectives[2].temperature: is 3.0, but of 'logits' the mass");
  }

  @Test
  void badInputAloneEndsWithThree() {
    assertRefused(
        EVERYTHING,
        ExitCode.BAD_INPUT,
        List.of("teacher.onnx=/nowhere/teacher.onnx", "data.test=/nowhere/test.parquet"),
        "2 faults; nothing was run:",
        "There is no ONNX file '/nowhere/teacher.onnx'",
        "There is no table at '/nowhere/test.parquet'");
  }

  @Test
  void refusesATrainingThatMemoryCannotHoldAndSaysOfWhatItIs() {
    long heap = Runtime.getRuntime().maxMemory() >> 20;

    assertRefused(
        EVERYTHING,
        ExitCode.BAD_RECIPE,
        List.of(NO_TEACHER, "student.hidden=[40000,40000]"),
        // 1.6 billion weights: each twice on either core, and eleven times for Adam, the best, and
        // a checkpoint of all that on its way to the disk.
        "The training of the student needs a heap of at least 92,",
        "that of this JVM (spark.driver.memory) is %,d MiB".formatted(heap),
        "rows 1 MiB, replicas 24,",
        "optimizer and copies of weights 67,",
        "banks and queues 0 MiB",
        "--driver-memory ");
  }

  @Test
  void remembersHowManyRowsThereAreForTheEstimate() {
    check(EnumSet.of(Stage.TRAIN), List.of(NO_TEACHER));
    List<String> large = List.of(NO_TEACHER, "student.hidden=[40000,40000]");

    assertThatThrownBy(() -> check(EnumSet.of(Stage.TRAIN), large))
        .hasMessageContaining("rows 1 MiB");
  }

  @Test
  void asksOfAStageOnlyWhatItNeeds() {
    List<String> wrong =
        List.of(NO_TEACHER, "train.batch=127", "data.train=/nowhere/train.parquet");
    List<String> test =
        List.of("data.test=" + digits(), "data.validation=/nowhere/validation.parquet");
    List<String> overrides = Stream.of(wrong, test).flatMap(List::stream).toList();

    assertRefused(
        EnumSet.of(Stage.TRAIN),
        ExitCode.BAD_RECIPE,
        overrides,
        "3 faults",
        "train.batch = 127",
        "/nowhere/train.parquet",
        "/nowhere/validation.parquet");
    assertThatCode(() -> check(EnumSet.of(Stage.EVALUATE), overrides)).doesNotThrowAnyException();
    assertThatCode(() -> check(EnumSet.of(Stage.EXPORT), overrides)).doesNotThrowAnyException();
  }

  @Test
  void refusesTrainingRowsAmongTheTestRows() {
    assertRefused(
        EVERYTHING,
        ExitCode.BAD_INPUT,
        List.of(NO_TEACHER, "data.test-where=\"split = 'train'\""),
        "share");
  }

  @Test
  void readsSoundTablesOnlyOnce() {
    check(EVERYTHING, List.of(NO_TEACHER));
    String group = "again " + folder;
    spark.sparkContext().setJobGroup(group, "second check", false);

    check(EVERYTHING, List.of(NO_TEACHER));

    // One job of our own, so that the tracker has surely heard of any before it.
    JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(List.of(1)).count();
    Awaitility.await().until(() -> jobs(group) > 0);
    assertThat(jobs(group)).isOne();
    check(EVERYTHING, List.of(NO_TEACHER, "data.test-where=\"split = 'test' and label < 9\""));
    Awaitility.await().until(() -> jobs(group) > 1);
    spark.sparkContext().clearJobGroup();
  }

  private int jobs(String group) {
    return spark.sparkContext().statusTracker().getJobIdsForGroup(group).length;
  }

  @Test
  void refusesDisksThatExecutorsDoNotShare() {
    org.apache.hadoop.fs.Path local = new org.apache.hadoop.fs.Path("file:/out");

    assertThatThrownBy(() -> Preflight.refuseLocal(local, List.of("127.0.0.1", "192.0.2.7")))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("Output 'file:/out'")
        .hasMessageContaining("executor on 192.0.2.7")
        .hasMessageContaining("--conf spark.lakestill.output.shared=true");
    Preflight.refuseLocal(local, List.of("127.0.0.1"));
    Preflight.refuseLocal(new org.apache.hadoop.fs.Path("hdfs://n/out"), List.of("192.0.2.7"));
  }

  @Test
  void refusesASerializerThatCannotCarryRecords() {
    spark.stop();
    String kryo = "org.apache.spark.serializer.KryoSerializer";
    System.setProperty("spark.serializer", kryo);
    try {
      spark = Digits.spark();
      assertRefused(
          EnumSet.of(Stage.EXPORT),
          ExitCode.BAD_RECIPE,
          List.of(NO_TEACHER),
          "spark.serializer is " + kryo,
          "give --conf spark.serializer=org.apache.spark.serializer.JavaSerializer");
    } finally {
      System.clearProperty("spark.serializer");
      spark.stop();
    }
  }

  @Test
  void runThatIsRefusedLeavesNothingButItsSummary() throws IOException {
    Path recipe = Files.writeString(folder.resolve("recipe.conf"), recipe());
    ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(stdout, true, StandardCharsets.UTF_8));
    int exit;
    try {
      exit = Lakestill.execute("run", "--recipe", recipe.toString(), "--output", output());
    } finally {
      System.setOut(before);
    }

    assertThat(exit).isEqualTo(2);
    try (Stream<Path> files = Files.walk(Path.of(output()))) {
      assertThat(files.filter(Files::isRegularFile).map(file -> file.getFileName().toString()))
          .filteredOn(name -> !name.endsWith(".crc"))
          .containsExactly("run.json");
    }
    String line = stdout.toString(StandardCharsets.UTF_8).strip();
    assertThat(Json.parse(line, "stdout"))
        .isEqualTo(Json.parse(Files.readString(Path.of(output()).resolve("run.json")), "run.json"));
    assertThat(line)
        .contains("\"exit\":2", "train.batch = 127", "/nowhere/test.parquet", "\"stages\":[]")
        .contains("\"experimental\":[\"sof-exactly-one-kl: ");
  }

  private static String recipe() {
    return """
    name = refused
    output = unused
    data {
      train = "%s"
      test = /nowhere/test.parquet
      classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
      features { columns = [pixels], shape = [1, 8, 8] }
    }
    student { architecture = mlp, hidden = [8] }
    train {
      objectives = [{ type = cross-entropy }, { type = sof-exactly-one-kl }]
      batch = 127
    }
    """
        .formatted(digits());
  }

  private static String digits() {
    return Path.of("../conf/quickstart/digits.parquet").toAbsolutePath().normalize().toString();
  }

  private String output() {
    return folder.resolve("out").toString();
  }

  private void check(Set<Stage> stages, List<String> overrides) {
    OutputFolder output = OutputFolder.of(output(), spark);
    Console console =
        new Console(
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8), false);
    new Preflight(spark, Digits.blueprint(overrides.toArray(String[]::new)), output, console)
        .check(stages, new Faults());
  }

  private void assertRefused(
      Set<Stage> stages, ExitCode exitCode, List<String> overrides, String... messages) {
    assertThatThrownBy(() -> check(stages, overrides))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(exitCode))
        .satisfies(
            e -> Arrays.stream(messages).forEach(text -> assertThat(e).hasMessageContaining(text)));
    assertThat(Path.of(output())).doesNotExist();
  }
}
