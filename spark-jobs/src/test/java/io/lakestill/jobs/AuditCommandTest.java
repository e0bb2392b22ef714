package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.metric.RetainedMass;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense16;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.codec.Int8;
import io.lakestill.signal.codec.Topk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a table's logits lose and take by each way of storing them. */
class AuditCommandTest {
  private static final int CLASSES = 100;
  private static final int ROWS = 600;

  @TempDir private Path folder;

  @BeforeAll
  static void chooseMaster() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.sql.shuffle.partitions", "2");
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
    System.clearProperty("spark.sql.shuffle.partitions");
  }

  private SyntheticSignals wide() {
    SyntheticSignals signals = new SyntheticSignals(folder, 1, 5).ofClasses(CLASSES);
    for (int i = 0; i < ROWS; i++) {
      signals.say("row-%04d".formatted(i), 0, "%032x".formatted(i * 7919L), i % CLASSES);
    }
    return signals;
  }

  private CommandLineRun audit(String... more) {
    String[] args = Stream.of("audit", "--table", folder.toString()).toArray(String[]::new);
    return CommandLineRun.of(
        Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new));
  }

  private static JsonNode form(JsonNode json, String codec, int k, String type) {
    for (JsonNode form : json.path("forms")) {
      if (form.path("codec").asText().equals(codec)
          && form.path("k").asInt() == k
          && form.path("type").asText().equals(type)) {
        return form;
      }
    }
    throw new AssertionError("no form " + codec + " " + k + " " + type + " in " + json);
  }

  private static JsonNode at(JsonNode form, double temperature) {
    for (JsonNode loss : form.path("temperatures")) {
      if (loss.path("temperature").asDouble() == temperature) {
        return loss;
      }
    }
    throw new AssertionError("no temperature " + temperature + " in " + form);
  }

  /** By hand, of every row of the table as plain Spark reads it. */
  @Test
  void agreesWithSumsOverTheWholeTable() throws IOException {
    SignalTable table = wide().commit(2);
    double[] mass = new double[ROWS];
    double divergence = 0;
    try (SparkSession spark = LocalSession.open()) {
      List<Row> rows =
          spark
              .read()
              .parquet(table.dataFiles(table.current().orElseThrow()).toArray(String[]::new))
              .select("logits")
              .collectAsList();
      for (int row = 0; row < ROWS; row++) {
        List<Float> cell = rows.get(row).getList(0);
        double[] p = softmax(cell, 4);
        Arrays.sort(p);
        double others = Arrays.stream(p, 0, CLASSES - 8).sum();
        for (int c = 0; c < CLASSES - 8; c++) {
          divergence += p[c] * Math.log(p[c] * (CLASSES - 8) / others) / ROWS;
        }
        float[] logits = new float[CLASSES];
        for (int c = 0; c < CLASSES; c++) {
          logits[c] = cell.get(c);
        }
        mass[row] = RetainedMass.of(logits, 0, CLASSES, 4, 8);
      }
    }

    CommandLineRun run = audit("--k", "8,2", "--temperatures", "4,1", "--json");

    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.out().lines()).hasSize(1);
    JsonNode json = run.summary();
    assertThat(json.path("sampled_rows").asInt()).isEqualTo(ROWS);
    JsonNode loss = at(form(json, "topk", 8, "float32"), 4);
    assertThat(loss.path("kl").asDouble()).isCloseTo(divergence, within(1e-7));
    assertThat(loss.path("retained_mass").asDouble())
        .isCloseTo(Arrays.stream(mass).average().orElseThrow(), within(1e-9));
    Arrays.sort(mass);
    assertThat(loss.path("retained_mass_p1").asDouble()).isCloseTo(mass[5], within(1e-9));
    assertThat(loss.path("agreement").asDouble()).isEqualTo(1);
    assertThat(at(form(json, "topk", 2, "float32"), 4).path("kl").asDouble())
        .isGreaterThan(loss.path("kl").asDouble());
    JsonNode exact = at(form(json, "dense32", CLASSES, "float32"), 1);
    assertThat(exact.path("kl").asDouble()).isZero();
    assertThat(exact.path("retained_mass").asDouble()).isEqualTo(1);
    double int8 = at(form(json, "int8", CLASSES, "int8"), 1).path("kl").asDouble();
    double halves = at(form(json, "dense16", CLASSES, "float16"), 1).path("kl").asDouble();
    assertThat(int8).isBetween(1e-6, 1e-2);
    assertThat(halves).isBetween(0.0, int8 / 100);
  }

  private static double[] softmax(List<Float> logits, double temperature) {
    double[] e = logits.stream().mapToDouble(z -> Math.exp(z / temperature)).toArray();
    double sum = Arrays.stream(e).sum();
    return Arrays.stream(e).map(value -> value / sum).toArray();
  }

  /** The bytes of tables that were really written so, a file each. */
  @Test
  void saysTheBytesThatATableWouldTake() throws IOException {
    wide().commit(1);
    JsonNode json = audit("--k", "8", "--temperatures", "1,2,4", "--json").summary();

    double rest = bytes("rest", new Dense32()) - bytes(json, "dense32", CLASSES, "float32");
    assertThat(rest).isPositive();
    assertThat(bytes(json, "dense16", CLASSES, "float16") + rest)
        .isCloseTo(bytes("halves", new Dense16()), within(1.0));
    assertThat(bytes(json, "int8", CLASSES, "int8") + rest)
        .isCloseTo(bytes("bytes", new Int8()), within(1.0));
    assertThat(bytes(json, "topk", 8, "float32") + rest)
        .isCloseTo(bytes("topk", new Topk(8, List.of(1.0, 2.0, 4.0))), within(2.0));
    assertThat(bytes(json, "topk", 8, "float16"))
        .isBetween(bytes(json, "topk", 8, "float32") - 20, bytes(json, "topk", 8, "float32") - 8);
  }

  private static double bytes(JsonNode json, String codec, int k, String type) {
    return form(json, codec, k, type).path("bytes_per_row").asDouble();
  }

  private double bytes(String name, Codec codec) throws IOException {
    SyntheticSignals signals =
        new SyntheticSignals(folder.resolve(name), 1, 5).ofClasses(CLASSES).storedBy(codec);
    for (int i = 0; i < ROWS; i++) {
      signals.say("row-%04d".formatted(i), 0, "%032x".formatted(i * 7919L), i % CLASSES);
    }
    List<SignalFile> files = signals.commit(1).current().orElseThrow().files();
    return files.stream().mapToLong(SignalFile::bytes).sum() / (double) ROWS;
  }

  @Test
  void picksTheSmallestKThatMeetsTheTarget() throws IOException {
    wide().commit(1);

    JsonNode json = audit("--kl-target", "0.02", "--temperatures", "1,4", "--json").summary();

    int k = json.path("k").asInt();
    assertThat(k).isGreaterThan(1);
    assertThat(at(form(json, "topk", k, "float32"), 4).path("kl").asDouble())
        .isLessThanOrEqualTo(0.02);
    assertThat(at(form(json, "topk", k / 2, "float32"), 4).path("kl").asDouble())
        .isGreaterThan(0.02);
    assertThat(json.path("recipe").asText())
        .isEqualTo(
            "signals.codecs.logits = topk\nsignals.topk { k = %d, temperatures = [1.0, 4.0] }"
                .formatted(k));
    assertThat(Digits.recipe(json.path("recipe").asText().split("\n")[0]).signals().codecs())
        .isNotNull();
  }

  @Test
  void aPersonSeesTheTableAndWhatToPaste() throws IOException {
    wide().commit(1);

    CommandLineRun run = audit("--k", "1,2,64", "--kl-target", "0.01");

    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("audit of signal table file:" + folder + ", version 1")
        .contains(
            "  600 of 600 rows by the hash of their keys, 100 classes, logits stored as dense32")
        .containsPattern("logits stored as +bytes/row +T +mass kept +lowest 1 % +KL, mean")
        .containsPattern("dense32 +\\d+\\.\\d +1\\.0 +1\\.000000 +1\\.000000 +0\\.00e\\+00")
        .containsPattern("topk 2, float16 \\(\\*\\) +\\d+\\.\\d")
        .contains("k = 64 is the smallest with a mean KL of at most 0.01 at T = 4.0. In a recipe:")
        .contains("  signals.topk { k = 64, temperatures = [1.0, 2.0, 4.0] }")
        .contains("takes the fewest bytes of all that meet the target");
  }

  /** Two files, five files: other rows come first, the sample is the same. */
  @Test
  void theSampleDependsOnTheKeysAlone() throws IOException {
    wide().commit(2);
    String first = audit("--rows", "100", "--k", "4", "--json").summary().path("forms").toString();
    wide().commit(5);
    CommandLineRun run = audit("--rows", "100", "--k", "4", "--json");

    assertThat(run.summary().path("version").asInt()).isEqualTo(2);
    assertThat(run.summary().path("sampled_rows").asInt()).isEqualTo(100);
    assertThat(run.summary().path("forms")).hasToString(first);
    assertThat(audit("--version", "1", "--json").summary().path("version").asInt()).isOne();
  }

  @Test
  void digitsNeedNoTopk() throws IOException {
    Digits.sound(folder).commit(2);

    JsonNode json = audit("--json").summary();

    assertThat(json.path("sampled_rows").asInt()).isGreaterThan(1000);
    assertThat(json.path("forms")).hasSize(3 + 2 * 4);
    assertThat(json.path("cheapest").path("codec").asText()).isEqualTo("int8");
  }

  @Test
  void leavesOutWhatCannotHoldAValue() throws IOException {
    new SyntheticSignals(folder, "loud", 70_000, 1, 5)
        .ofClasses(3)
        .say("only", 0, "0".repeat(32), 1)
        .commit(1);

    CommandLineRun run = audit();

    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.out())
        .contains(
            "dense16 is left out: dense16 holds numbers up to 65504, and row 'only' has a larger")
        .doesNotContain("float16");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--k 0 | --k = 0, but the table has 100 classes: give numbers from 1 to 99.",
        "--k 2,100 | --k = 100, but the table has 100 classes: give numbers from 1 to 99.",
        "--rows 0 | --rows must be at least 1, is 0.",
        "--rows 200000 | --rows = 200000 with 100 classes each is more than the driver should hold",
        "--temperatures 1,0 | --temperatures must be positive numbers, each once, are [1.0, 0.0].",
        "--temperatures 2,2 | --temperatures must be positive numbers, each once",
        "--kl-target 0 | --kl-target must be a positive number, is 0.0."
      })
  void refusesWhatMakesNoSense(String options, String message) throws IOException {
    wide().commit(1);

    CommandLineRun run = audit(options.split(" "));

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err()).contains(message);
  }

  @Test
  void refusesATableThatHasNotAllLogits() throws IOException {
    wide().storedBy(new Topk(8, List.of(1.0))).commit(1);
    CommandLineRun topk = audit();
    wide().storedBy(new Int8()).commit(1);
    CommandLineRun int8 = audit();

    assertThat(topk.exit()).isEqualTo(3);
    assertThat(topk.err())
        .contains("stores logits by topk, and what that lost cannot be told from it")
        .contains("with signals.codecs.logits = dense32, and audit that table.");
    assertThat(int8.exit()).isEqualTo(3);
    assertThat(int8.err()).contains("stores logits by int8");
  }

  @Test
  void saysWhenThereIsNothingToAudit() throws IOException {
    CommandLineRun none = audit();
    wide().commit(1);
    CommandLineRun unknown = audit("--version", "9");

    assertThat(none.exit()).isEqualTo(3);
    assertThat(none.err()).contains("There is no signal table at '", "or run teach.");
    assertThat(unknown.exit()).as(unknown.err()).isEqualTo(3);
    assertThat(CommandLineRun.of("audit").exit()).isEqualTo(2);
  }

  @Test
  void findsTheTableOfARecipe() throws IOException {
    Path recipe = folder.resolve("pets.conf");
    Files.writeString(
        recipe, Pets.text("unused").replace("output = unused", "output = \"" + folder + "\""));
    SyntheticSignals signals =
        new SyntheticSignals(folder.resolve("signals/oracle"), 1, 5).ofClasses(4);
    for (int i = 0; i < 40; i++) {
      signals.say("pet-" + i, 0, "%032x".formatted(i), i % 4);
    }
    signals.commit(1);

    CommandLineRun run =
        CommandLineRun.of(
            "audit", "--recipe", recipe.toString(), "--set", "signals.topk.temperatures=[3]");
    CommandLineRun other =
        CommandLineRun.of("audit", "--recipe", recipe.toString(), "--teacher", "nobody");

    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.summary().path("sampled_rows").asInt()).isEqualTo(40);
    assertThat(run.summary().path("largest_temperature").asDouble()).isEqualTo(3);
    assertThat(other.exit()).isEqualTo(2);
    assertThat(other.err()).contains("Name one of the recipe's teachers by --teacher: oracle.");
  }
}
