package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.InstanceOfAssertFactories.DOUBLE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * A signal table is read by engines that know nothing of Lakestill, with the very lines that
 * signal-tables.md gives for them.
 */
class SqlReadabilityTest {
  private static final Path PAGE = Path.of("../core/docs/signal-tables.md");
  private static final Pattern BLOCK = Pattern.compile("```sql (\\w+)\n(.*?)```", Pattern.DOTALL);
  private static final String EXAMPLE = "out/signals/teacher";

  private static final String[] CODED = {
    "signals.codecs.embedding=dense16", "signals.codecs.map=int8", "data.date=dt"
  };
  private static final String[] TOPK = {
    "signals.codecs.logits=topk", "signals.topk={k=2,temperatures=[1,4]}"
  };

  @TempDir private static Path folder;
  private static final long SEED = System.nanoTime();
  private static final Oracle ORACLE = Oracle.random(SEED);
  private static final Map<String, float[]> PIXELS = new TreeMap<>();

  /** Who reads. */
  enum Engine {
    DUCKDB {
      @Override
      List<Map<String, Object>> run(String... statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
            Statement statement = connection.createStatement()) {
          for (int i = 0; i < statements.length - 1; i++) {
            statement.execute(statements[i]);
          }
          try (ResultSet result = statement.executeQuery(statements[statements.length - 1])) {
            List<Map<String, Object>> rows = new ArrayList<>();
            while (result.next()) {
              rows.add(row(result));
            }
            return rows;
          }
        }
      }

      private Map<String, Object> row(ResultSet result) throws SQLException {
        ResultSetMetaData columns = result.getMetaData();
        Map<String, Object> row = new LinkedHashMap<>();
        for (int c = 1; c <= columns.getColumnCount(); c++) {
          Object value = result.getObject(c);
          row.put(
              columns.getColumnLabel(c),
              value instanceof Array list ? Arrays.asList((Object[]) list.getArray()) : value);
        }
        return row;
      }
    },
    SPARK {
      @Override
      List<Map<String, Object>> run(String... statements) {
        SparkSession spark = LocalSession.open().newSession();
        for (int i = 0; i < statements.length - 1; i++) {
          spark.sql(statements[i]);
        }
        Dataset<Row> last = spark.sql(statements[statements.length - 1]);
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Row row : last.collectAsList()) {
          Map<String, Object> values = new LinkedHashMap<>();
          for (String column : last.columns()) {
            Object value = row.getAs(column);
            values.put(
                column, value instanceof Seq<?> list ? JavaConverters.seqAsJavaList(list) : value);
          }
          rows.add(values);
        }
        return rows;
      }
    };

    /** The rows of the last statement. */
    abstract List<Map<String, Object>> run(String... statements) throws SQLException;

    /** The blocks of the page for this engine, in its order, each as statements. */
    List<String[]> blocks() throws IOException {
      List<String[]> blocks = new ArrayList<>();
      Matcher matcher = BLOCK.matcher(Files.readString(PAGE));
      while (matcher.find()) {
        if (matcher.group(1).equalsIgnoreCase(name())) {
          blocks.add(
              Stream.of(matcher.group(2).split(";\\s*\n"))
                  .filter(text -> !text.isBlank())
                  .toArray(String[]::new));
        }
      }
      return blocks;
    }

    /** The statements that make the view {@code signals}. */
    String[] view() throws IOException {
      return blocks().get(0);
    }

    /** The block that has a word in it. */
    String[] block(String word) throws IOException {
      return blocks().stream()
          .filter(block -> String.join("\n", block).contains(word))
          .findFirst()
          .orElseThrow();
    }
  }

  /** Each table is taught twice: the second time one pet has changed, one is gone, one is new. */
  @BeforeAll
  static void teach() throws IOException {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.sql.shuffle.partitions", "2");
    Files.write(folder.resolve("teacher.onnx"), ORACLE.onnx());
    Files.writeString(
        folder.resolve("pets.conf"),
        Pets.text(folder.resolve("table").toString())
            .replace("onnx = unused", "onnx = \"" + folder.resolve("teacher.onnx") + "\"")
            .replace("embedding = embedding }", "embedding = embedding, map = \"flat:0\" }"));
    List<Row> rows = new ArrayList<>(Pets.rows(80, SEED));
    write(rows);
    teach("coded", CODED);
    teach("topk", TOPK);
    rows.set(3, Pets.row("pet-003", new float[] {1, 2, 3, 4, 5, 6}, 1L));
    rows.remove(7);
    rows.add(Pets.row("pet-100", new float[] {6, 5, 4, 3, 2, 1}, 2L));
    write(rows);
    teach("coded", CODED);
    teach("topk", TOPK);
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
    System.clearProperty("spark.sql.shuffle.partitions");
  }

  /** With a date for each pet, of three. */
  private static void write(List<Row> rows) {
    PIXELS.clear();
    rows.forEach(row -> PIXELS.put(row.getString(0), (float[]) row.get(1)));
    Pets.table(LocalSession.open(), rows)
        .withColumn(
            "dt", functions.expr("concat('2026-11-0', 1 + cast(right(sample_id, 1) as int) % 3)"))
        .repartition(2)
        .write()
        .mode("overwrite")
        .parquet(folder.resolve("table").toString());
  }

  private static void teach(String output, String[] settings) {
    Stream<String> set = Stream.of(settings).flatMap(s -> Stream.of("--set", s));
    CommandLineRun run =
        CommandLineRun.of(
            Stream.concat(
                    Stream.of(
                        "teach",
                        "--recipe",
                        folder.resolve("pets.conf").toString(),
                        "--output",
                        folder.resolve(output).toString()),
                    set)
                .toArray(String[]::new));
    assertThat(run.exit()).as(run.err()).isZero();
  }

  private static List<Map<String, Object>> run(Engine engine, String output, String[]... blocks)
      throws SQLException {
    String table = folder.resolve(output + "/signals/oracle").toString();
    return engine.run(
        Stream.of(blocks)
            .flatMap(Stream::of)
            .map(statement -> statement.replace(EXAMPLE, table))
            .toArray(String[]::new));
  }

  private float[] features(Map<String, Object> row) {
    float[] features = PIXELS.get((String) row.get("sample_id")).clone();
    for (int i = 0; i < features.length; i++) {
      features[i] *= 2;
    }
    return features;
  }

  private void assertAllSaid(List<Map<String, Object>> rows) {
    assertThat(rows.stream().map(row -> (String) row.get("sample_id")))
        .as("seed %d", SEED)
        .containsExactlyInAnyOrderElementsOf(PIXELS.keySet());
    for (Map<String, Object> row : rows) {
      float[] features = features(row);
      float[] embedding = ORACLE.embedding(features);
      assertClose(row.get("logits"), ORACLE.logits(features), 1e-4, 1e-5);
      assertClose(row.get("embedding"), embedding, 1e-5, 0x1p-11);
      float largest = 0;
      for (float value : features) {
        largest = Math.max(largest, Math.abs(value));
      }
      assertClose(row.get("map"), features, largest / 127 / 2 + 1e-5, 0);
    }
  }

  private void assertClose(Object cell, float[] expected, double absolute, double relative) {
    List<?> values = (List<?>) cell;
    assertThat(values).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(((Number) values.get(i)).doubleValue())
          .as("seed %d, value %d", SEED, i)
          .isCloseTo(expected[i], within(absolute + relative * Math.abs(expected[i])));
    }
  }

  @ParameterizedTest
  @EnumSource
  void readsEveryCodecOfEveryDateAndNoDeadRow(Engine engine) throws Exception {
    assertThat(folder.resolve("coded/signals/oracle/v=1/dt=2026-11-01")).isDirectory();
    assertThat(folder.resolve("coded/signals/oracle/_lakestill"))
        .isDirectoryContaining(path -> path.getFileName().toString().startsWith("tombstones-v"));

    assertAllSaid(run(engine, "coded", engine.view(), engine.block("AS map")));
  }

  @ParameterizedTest
  @EnumSource
  void readsTheProbabilitiesOfTopk(Engine engine) throws Exception {
    List<Map<String, Object>> rows =
        run(engine, "topk", engine.view(), engine.block("AS likeliest"));

    assertThat(rows.stream().map(row -> (String) row.get("sample_id")))
        .as("seed %d", SEED)
        .containsExactlyInAnyOrderElementsOf(PIXELS.keySet());
    for (Map<String, Object> row : rows) {
      float[] logits = ORACLE.logits(features(row));
      double sum = 0;
      for (float logit : logits) {
        sum += Math.exp(logit);
      }
      double[] p = new double[logits.length];
      for (int c = 0; c < p.length; c++) {
        p[c] = Math.exp(logits[c]) / sum;
      }
      int likeliest = ((Number) row.get("likeliest")).intValue();
      Arrays.sort(p);
      assertThat(Math.exp(logits[likeliest]) / sum).isCloseTo(p[3], within(1e-4));
      assertThat(row.get("probability")).asInstanceOf(DOUBLE).isCloseTo(p[3], within(1e-4));
      assertThat(row.get("others")).asInstanceOf(DOUBLE).isCloseTo(p[0] + p[1], within(1e-4));
    }
  }

  /** Whatever lies beside them: here the rows of a later version. */
  @Test
  void readsTheFilesThatAManifestNames() throws Exception {
    String[] query = {"SELECT sample_id FROM version_1 ORDER BY sample_id"};

    List<Map<String, Object>> rows =
        run(Engine.DUCKDB, "topk", Engine.DUCKDB.block("getvariable('files')"), query);

    assertThat(rows.stream().map(row -> (String) row.get("sample_id")))
        .containsExactlyElementsOf(
            Pets.rows(80, SEED).stream().map(row -> row.getString(0)).toList());
  }

  /** What a person asks first. */
  @ParameterizedTest
  @EnumSource
  void answersQueriesOnTheColumnsOfEveryTable(Engine engine) throws Exception {
    String query =
        "SELECT count(*) AS n, sum(CASE WHEN entropy >= 0 AND margin BETWEEN 0 AND 1 THEN 1 ELSE 0"
            + " END) AS sane, sum(CASE WHEN label = argmax THEN 1 ELSE 0 END) AS agreed,"
            + " count(DISTINCT content_hash) AS contents FROM signals WHERE teacher_id = 'oracle'"
            + " AND view_id = 0";

    Map<String, Object> answer = run(engine, "coded", engine.view(), new String[] {query}).get(0);

    assertThat(((Number) answer.get("n")).intValue()).isEqualTo(80);
    assertThat(((Number) answer.get("sane")).intValue()).isEqualTo(80);
    assertThat(((Number) answer.get("contents")).intValue()).isEqualTo(80);
    assertThat(((Number) answer.get("agreed")).intValue()).isBetween(0, 80);
  }
}
