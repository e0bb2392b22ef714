package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.jobs.TeacherSignals.Source;
import io.lakestill.jobs.TeacherSignals.Teacher;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlSignalTest {
  private static final TeacherSignals ONE =
      new TeacherSignals(List.of(new Teacher("resnet", List.of("logits", "embedding"))));
  private static final TeacherSignals TWO =
      new TeacherSignals(
          List.of(
              new Teacher("resnet", List.of("logits")),
              new Teacher("vit-b", List.of("logits", "embedding"))));

  private static SparkSession spark;

  @TempDir Path folder;

  @BeforeAll
  static void startSpark() {
    spark = Digits.spark();
  }

  @Test
  void knowsTheColumnsThatFilesWillHave() throws IOException {
    SignalTable table = Digits.sound(folder).commit(1);
    SignalManifest manifest = table.current().orElseThrow();
    Dataset<Row> files = spark.read().parquet(table.dataFiles(manifest).toArray(String[]::new));
    Teacher teacher = new Teacher("synthetic", List.of("logits"));

    assertThat(Arrays.stream(teacher.columns().fields()).map(SqlSignalTest::shown))
        .containsExactlyElementsOf(
            Arrays.stream(files.schema().fields()).map(SqlSignalTest::shown).toList());
  }

  private static String shown(StructField field) {
    return field.name() + " " + field.dataType().sql();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "entropy",
        "margin > 0.5",
        "resnet.entropy < 1.2",
        "label = argmax",
        "case when label is null then 0 else 1 end",
        "logits[0] - logits[1]",
        "aggregate(logits, 0D, (sum, x) -> sum + x)",
        "sample_id like 'a%'",
        "cast(label as decimal(3, 1))"
      })
  void acceptsANumberOrAConditionOfOneRow(String expression) {
    assertThat(new SqlSignal(expression).refusal(ONE.empty(spark))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "entropi < 1 | entropi",
        "entropy < | Syntax error",
        "avg(entropy) | from that row alone",
        "rank() over (order by entropy) | from that row alone",
        "explode(logits) | from that row alone",
        "* | from that row alone",
        "entropy < (select 1) | must not read other tables",
        "exists (select 1) | must not read other tables",
        "rand() < 0.5 | another value each time",
        "unix_timestamp() | another value each time",
        "year(now()) | another value each time",
        "hour(current_timestamp) | another value each time",
        "sample_id | must be a number or a condition, is STRING",
        "logits | must be a number or a condition, is ARRAY<FLOAT>",
        "null | must be a number or a condition, is VOID",
        "no_such_function(entropy) | no_such_function",
        "vit.entropy | vit"
      })
  void refusesWhatIsNoNumberOfEachRow(String expression, String reason) {
    assertThat(new SqlSignal(expression).refusal(ONE.empty(spark)))
        .hasValueSatisfying(refusal -> assertThat(refusal).contains(reason));
  }

  @Test
  void namesTheTeacherWhereThereAreSeveral() {
    Dataset<Row> rows = TWO.empty(spark);

    assertThat(new SqlSignal("resnet.argmax = `vit-b`.argmax").refusal(rows)).isEmpty();
    assertThat(new SqlSignal("`vit-b`.embedding[0]").refusal(rows)).isEmpty();
    assertThat(new SqlSignal("view_id = 0").refusal(rows)).isEmpty();
    assertThat(new SqlSignal("entropy").refusal(rows)).isPresent();
    assertThat(new SqlSignal("resnet.embedding[0]").refusal(rows)).isPresent();
    assertThat(TWO.columns())
        .contains("sample_id", "resnet.entropy", "`vit-b`.embedding")
        .doesNotContain("entropy", "resnet.embedding", "resnet.sample_id");
  }

  @Test
  void readsTheFieldsThatTheTableHasWhateverTheirLetterCase() {
    Dataset<Row> rows = TWO.empty(spark);

    assertThat(new SqlSignal("RESNET.Logits[0] > `VIT-b`.ENTROPY").fields(rows))
        .containsExactly("resnet.logits", "vit-b.entropy");
    assertThat(new SqlSignal("Resnet is not null and view_id = 0").fields(rows))
        .contains("resnet.logits", "resnet.entropy")
        .doesNotContain("vit-b.entropy");
  }

  @Test
  void saysWhoseOutputsLackASignal() {
    assertThat(ONE.owner("map")).isEqualTo("teacher 'resnet'");
    assertThat(ONE.own("map.2")).isEqualTo("map.2");
    assertThat(TWO.owner("map.2")).isEqualTo("teacher 'vit-b'");
    assertThat(TWO.own("map.2")).isEqualTo("map");
    assertThat(TWO.owner("map.3")).isEqualTo("a teacher");
    assertThat(TWO.owner("map")).isEqualTo("a teacher");
    assertThat(TWO.own("map")).isEqualTo("map");
  }

  @Test
  void numbersTheSignalsOfSeveralTeachers() {
    assertThat(ONE.sources())
        .isEqualTo(
            Map.of("logits", new Source(0, "logits"), "embedding", new Source(0, "embedding")));
    assertThat(TWO.sources())
        .containsExactly(
            Map.entry("logits.1", new Source(0, "logits")),
            Map.entry("logits.2", new Source(1, "logits")),
            Map.entry("embedding.2", new Source(1, "embedding")));
    assertThat(TWO.named("logits.*")).containsExactly("logits.1", "logits.2");
    assertThat(TWO.named("logits")).isEmpty();
    assertThat(ONE.named("logits.*")).isEmpty();
  }
}
