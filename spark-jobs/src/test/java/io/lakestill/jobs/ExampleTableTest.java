package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.data.RawFeatures;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Sha256;
import io.lakestill.recipe.DataSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExampleTableTest {
  private static final SparkSession SPARK = LocalSession.open();

  @TempDir private Path folder;

  @Test
  void holdsOutByTheHashOfTheKeyAlone() {
    List<Row> rows = Pets.rows(200, 1);
    DataSettings data = written(rows);
    List<String> expected =
        rows.stream()
            .map(row -> row.getString(0))
            .filter(id -> Long.parseLong(Sha256.of(id).substring(0, 8), 16) < 0.25 * 0x1p32)
            .toList();

    List<String> validation = ids(data, Split.VALIDATION);
    List<String> train = ids(data, Split.TRAIN);

    assertThat(validation).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(train).doesNotContainAnyElementsOf(validation);
    assertThat(train.size() + validation.size()).isEqualTo(200);
    assertThat(ids(data, Split.TEST)).hasSize(200);
  }

  @Test
  void givesKeyLabelAndRawFeatures() throws Exception {
    List<Row> rows = Pets.rows(3, 2);
    Row example =
        ExampleTable.examples(SPARK, written(rows), Split.TEST)
            .where("sample_id = 'pet-001'")
            .first();

    assertThat(example.schema().simpleString())
        .isEqualTo("struct<sample_id:string,label:int,raw:array<float>>");
    assertThat(example.getInt(1)).isEqualTo((int) rows.get(1).getLong(2));
    assertThat(RawCell.read(example, 2))
        .isEqualTo(new RawFeatures.Floats((float[]) rows.get(1).get(1)));
  }

  @Test
  void readsSeveralColumnsClassNamesAndNumericKeys() throws Exception {
    String path = path("columns");
    SPARK
        .sql(
            "select * from values (7L, 1, 2.5D, 'owl'), (8L, 3, cast(-1 as double), 'cat')"
                + " as t(key, a, b, kind)")
        .write()
        .parquet(path);
    DataSettings data =
        Pets.recipe(
                path,
                "data.id=key",
                "data.label=kind",
                "data.features.columns=[b,a]",
                "data.features.shape=[2]")
            .data();

    List<Row> examples =
        ExampleTable.examples(SPARK, data, Split.TEST).sort("sample_id").collectAsList();

    assertThat(examples).extracting(row -> row.getString(0)).containsExactly("7", "8");
    assertThat(examples).extracting(row -> row.getInt(1)).containsExactly(2, 0);
    assertThat(RawCell.read(examples.get(0), 2))
        .isEqualTo(new RawFeatures.Floats(new float[] {2.5f, 1}));
  }

  @Test
  void readsBytes() throws Exception {
    String path = path("bytes");
    SPARK
        .sql("select 'a' as sample_id, 1 as label, cast('abcdef' as binary) as pixels")
        .write()
        .parquet(path);
    DataSettings data = Pets.recipe(path, "data.features.encoding=uint8").data();

    Row example = ExampleTable.examples(SPARK, data, Split.TEST).first();

    assertThat(RawCell.read(example, 2))
        .isEqualTo(new RawFeatures.Bytes(new byte[] {97, 98, 99, 100, 101, 102}));
  }

  @Test
  void refusesAMissingTable() {
    assertRefused(
        Pets.recipe(path("nowhere")).data(),
        "There is no table at '" + path("nowhere") + "'; correct its path.");
  }

  @Test
  void refusesWhatIsNotParquet() throws Exception {
    Files.writeString(folder.resolve("table.csv"), "sample_id,label\na,1\n");
    Files.createDirectory(folder.resolve("empty"));

    for (String name : List.of("table.csv", "empty")) {
      assertThatThrownBy(() -> check(Pets.recipe(path(name)).data()))
          .isInstanceOfSatisfying(LakestillException.class, ExampleTableTest::isBadInput)
          .hasMessageStartingWith("Table '" + path(name) + "' cannot be read as Parquet: ")
          .hasMessageEndingWith("Name a Parquet file or a folder of them.");
    }
  }

  @Test
  void namesEveryMissingColumnAndTheOnesThereAre() {
    String path = saved(Pets.rows(2, 1));

    assertRefused(
        Pets.recipe(path, "data.id=key", "data.label=kind", "data.features.columns=[image]").data(),
        """
        Table '%s' has 3 faults:
          - data.id names column 'key', which is not there; the columns are sample_id, pixels, label
          - data.label names column 'kind', which is not there; the columns are sample_id, pixels, label
          - data.features.columns names column 'image', which is not there; the columns are sample_id, pixels, label\
        """
            .formatted(path));
  }

  @Test
  void refusesColumnsOfAnotherType() {
    String path = saved(Pets.rows(2, 1));

    assertRefused(
        Pets.recipe(path, "data.id=pixels", "data.features.encoding=uint8").data(),
        """
        Table '%s' has 2 faults:
          - data.id names column 'pixels' of type array<float>; it must be a text, a whole number or a date
          - data.features.columns names column 'pixels' of type array<float>; it must be binary for this encoding\
        """
            .formatted(path));
  }

  @Test
  void refusesNullAndRepeatedKeysTogether() {
    List<Row> rows = new ArrayList<>(Pets.rows(10, 1));
    rows.add(Pets.row(null, new float[6], 0L));
    rows.addAll(rows.subList(0, 3));
    rows.add(rows.get(0));
    String path = saved(rows);

    assertRefused(
        Pets.recipe(path).data(),
        """
        Table '%s' has 2 faults:
          - column 'sample_id' is null in 1 row; every row needs a key
          - column 'sample_id' is not a key: 4 rows repeat one, such as pet-000 (3 rows), pet-001 (2 rows), pet-002 (2 rows); make it unique\
        """
            .formatted(path));
  }

  @Test
  void aNullKeyIsFoundInTrainingEvenWhenTheRestIsHeldOut() {
    List<Row> rows = new ArrayList<>(Pets.rows(10, 1));
    rows.add(Pets.row(null, new float[6], 0L));

    assertThatThrownBy(() -> ExampleTable.examples(SPARK, written(rows), Split.TRAIN))
        .hasMessageContaining("is null in 1 row");
  }

  @Test
  void refusesLabelsOutsideTheLabelSpaceWithTheirKeys() {
    List<Row> rows = new ArrayList<>(Pets.rows(2, 1));
    rows.add(Pets.row("x1", new float[6], 4L));
    rows.add(Pets.row("x2", new float[6], -1L));
    rows.add(Pets.row("x3", new float[6], null));
    String path = saved(rows);

    assertRefused(
        Pets.recipe(path).data(),
        ("Table '%s': column 'label' of 3 rows is not in the label space (0 to 3, or one of the"
                + " names cat, dog, owl, eel), such as x1=4, x2=-1, x3=null; correct the labels,"
                + " name all classes in data.classes, or leave the rows out by a condition.")
            .formatted(path));
  }

  @Test
  void refusesAnUnknownClassName() {
    String path = path("names");
    SPARK
        .sql("select 'a' as sample_id, 'wolf' as label, array(1f,2f,3f,4f,5f,6f) as pixels")
        .write()
        .parquet(path);

    assertThatThrownBy(() -> check(Pets.recipe(path).data()))
        .isInstanceOfSatisfying(LakestillException.class, ExampleTableTest::isBadInput)
        .hasMessageContaining("such as a=wolf;");
  }

  @Test
  void refusesFeaturesOfAnotherWidth() {
    List<Row> rows = new ArrayList<>(Pets.rows(2, 1));
    rows.add(Pets.row("x1", new float[5], 1L));
    String path = saved(rows);
    assertRefused(
        Pets.recipe(path).data(),
        ("Table '%s': 1 row has features of another width than data.features.shape = [1, 2, 3]"
                + " asks for (6), such as x1 (5 values).")
            .formatted(path));

    String bytes = path("bytes");
    SPARK
        .sql("select 'a' as sample_id, 1 as label, cast('abc' as binary) as pixels")
        .write()
        .parquet(bytes);
    assertRefused(
        Pets.recipe(bytes, "data.features.encoding=uint8").data(),
        ("Table '%s': 1 row has features of another width than data.features.shape = [1, 2, 3]"
                + " asks for (6), such as a (3 values).")
            .formatted(bytes));
  }

  @Test
  void refusesAnEmptySplitAndSaysWhichCondition() {
    String path = saved(Pets.rows(4, 1));

    assertRefused(
        Pets.recipe(path, "data.test-where=label = 9").data(),
        "Table '%s': there is no test example where label = 9; correct the path or the condition."
            .formatted(path));
    assertThatThrownBy(
            () ->
                ExampleTable.examples(
                    SPARK,
                    Pets.recipe(path, "data.validation-fraction=1e-9").data(),
                    Split.VALIDATION))
        .hasMessageEndingWith(
            "there is no validation example; the table is empty, or data.validation-fraction"
                + " leaves nothing.");
  }

  @Test
  void refusesConditionsThatAreNoSqlOrNeverTheSame() {
    String path = saved(Pets.rows(4, 1));

    assertThatThrownBy(() -> check(Pets.recipe(path, "data.test-where=lable = 1").data()))
        .isInstanceOfSatisfying(LakestillException.class, ExampleTableTest::isBadInput)
        .hasMessageStartingWith("Condition 'lable = 1' on table '" + path + "' is refused: ")
        .hasMessageEndingWith("Its columns are [sample_id, pixels, label].");
    assertThatThrownBy(() -> check(Pets.recipe(path, "data.test-where=label ==== 1").data()))
        .isInstanceOfSatisfying(LakestillException.class, ExampleTableTest::isBadInput)
        .hasMessageContaining("is refused: ");
    assertRefused(
        Pets.recipe(path, "data.test-where=rand() < 0.5").data(),
        "Condition 'rand() < 0.5' on table '%s' gives other rows each time; use columns only."
            .formatted(path));
  }

  @Test
  void acceptsTablesWithoutSharedKeys() {
    ExampleTable.refuseShared(SPARK, split(range(0, 20), range(20, 30), range(30, 40)));
    ExampleTable.refuseShared(SPARK, Pets.recipe(path("0"), "data.test=" + path("1")).data());
  }

  @Test
  void refusesExamplesInTrainingAndTest() {
    DataSettings data = split(range(0, 20), range(20, 30), range(13, 40));

    assertShared(data, "'%s' (train) and '%s' (test)".formatted(path("0"), path("2")))
        .hasMessageContaining(
            "such as pet-013, pet-014, pet-015, pet-016, pet-017; an example must not be in both.")
        .hasMessageContaining("data.train-where and data.test-where");
  }

  @Test
  void refusesExamplesInValidationAndTrainingOrTest() {
    assertShared(
            split(range(0, 20), range(19, 30), range(30, 40)),
            "'%s' (train) and '%s' (validation)".formatted(path("0"), path("1")))
        .hasMessageContaining("such as pet-019;");
    assertShared(
            split(range(0, 20), range(20, 30), range(29, 40)),
            "'%s' (validation) and '%s' (test)".formatted(path("1"), path("2")))
        .hasMessageContaining("such as pet-029;");
  }

  @Test
  void refusesAHeldOutExampleInTheTestTable() {
    split(range(0, 20), List.of(), List.of());
    DataSettings data = Pets.recipe(path("0")).data();
    Pets.write(SPARK, SPARK.read().parquet(path("0")).collectAsList(), 1, path("all"));
    String held = ids(data, Split.VALIDATION).get(0);

    assertShared(
            Pets.recipe(
                    path("0"),
                    "data.test=" + path("all"),
                    "data.test-where=sample_id = '" + held + "'")
                .data(),
            "(test, sample_id = '" + held + "')")
        .hasMessageContaining("such as " + held + ";");
  }

  private static AbstractThrowableAssert<?, ?> assertShared(DataSettings data, String tables) {
    return assertThatThrownBy(() -> ExampleTable.refuseShared(SPARK, data))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("share keys in column 'sample_id'")
        .hasMessageContaining(tables);
  }

  private static List<Row> range(int from, int to) {
    return Pets.rows(to, 5).subList(from, to);
  }

  /** Tables {@code 0}, {@code 1}, {@code 2}: training, validation and test. */
  private DataSettings split(List<Row> train, List<Row> validation, List<Row> test) {
    Pets.write(SPARK, train, 2, path("0"));
    Pets.write(SPARK, validation, 1, path("1"));
    Pets.write(SPARK, test, 1, path("2"));
    return Pets.recipe(path("0"), "data.validation=" + path("1"), "data.test=" + path("2")).data();
  }

  @Test
  void refusesASessionThatSkipsDamagedFiles() {
    String option = "spark.sql.files.ignoreCorruptFiles";
    DataSettings data = written(Pets.rows(4, 1));
    SPARK.conf().set(option, "true");
    try {
      assertThatThrownBy(() -> check(data))
          .isInstanceOfSatisfying(
              LakestillException.class,
              e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
          .hasMessageContaining(option);
    } finally {
      SPARK.conf().unset(option);
    }
  }

  private static void check(DataSettings data) {
    ExampleTable.examples(SPARK, data, Split.TEST);
  }

  private static void assertRefused(DataSettings data, String message) {
    assertThatThrownBy(() -> check(data))
        .isInstanceOfSatisfying(LakestillException.class, ExampleTableTest::isBadInput)
        .hasMessage(message);
  }

  private static void isBadInput(LakestillException e) {
    assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
  }

  private static List<String> ids(DataSettings data, Split split) {
    return ExampleTable.examples(SPARK, data, split).select("sample_id").collectAsList().stream()
        .map(row -> row.getString(0))
        .toList();
  }

  private DataSettings written(List<Row> rows) {
    return Pets.recipe(saved(rows)).data();
  }

  private String saved(List<Row> rows) {
    Pets.write(SPARK, rows, 2, path("table"));
    return path("table");
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
