package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that nobody would think of, in tables that somebody has. */
class OddRowsTest {
  private static final StructType IMAGES =
      StructType.fromDDL("sample_id string, pixels binary, label bigint");

  @TempDir private Path folder;
  private final SparkSession spark = LocalSession.open();

  @BeforeEach
  void writeTeacher() throws IOException {
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(5).onnx());
  }

  private static List<String> oddKeys() {
    return List.of(
        "",
        " ",
        "null",
        "NULL",
        "a\nb",
        "a\r\nb",
        "a\tb",
        "a\u0000b",
        "../../etc/passwd",
        "dt=2026-11-21/part-0",
        "'; DROP TABLE signals; --",
        "\"quoted\", and \\ so on",
        "%s %d ${lakestill.home}",
        "\u00e4", // One letter, and
        "a\u0308", // the same in two.
        "\u732b\ud83d\udc08\u200d\u2b1b",
        "\u202egnp.tac",
        "x".repeat(100_000));
  }

  private List<Row> withOddKeys(float pixel) {
    List<Row> rows = new ArrayList<>(Pets.rows(40, 3));
    float[] pixels = {pixel, 1, 1, 1, 1, 1};
    oddKeys().forEach(key -> rows.add(Pets.row(key, pixels, 1L)));
    return rows;
  }

  @Test
  void everyTextIsAKeyAndStaysAsItIs() {
    Pets.write(spark, withOddKeys(0.5f), 3, path("table"));
    Recipe recipe = Pets.recipe(path("table"));

    SignalManifest first = teach(recipe, "first");

    assertThat(first.rows()).isEqualTo(40 + oddKeys().size());
    assertThat(keys(first)).containsAll(oddKeys()).doesNotHaveDuplicates();

    List<Row> more = withOddKeys(0.5f);
    more.add(Pets.row("a\n", new float[] {1, 1, 1, 1, 1, 1}, 1L));
    Pets.write(spark, more, 2, path("table"));
    SignalManifest second = teach(recipe, "second");
    assertThat(second.newRows()).as("the others were recognised").isEqualTo(1);
    assertThat(keys(second)).hasSize(41 + oddKeys().size()).contains("a\n");
  }

  @Test
  void anOddKeyInAMessageKeepsItOnALineOfBearableLength() {
    Pets.write(spark, withOddKeys(Float.NaN), 3, path("table"));

    assertThatThrownBy(() -> teach(Pets.recipe(path("table")), "run"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("of 58 rows into quarantine")
        .message()
        .hasSizeLessThan(2_000)
        .hasLineCount(1);

    List<Row> twice = new ArrayList<>(withOddKeys(0.5f));
    withOddKeys(0.5f).stream().filter(row -> row.getString(0).startsWith("a")).forEach(twice::add);
    Pets.write(spark, twice, 3, path("table"));
    assertThatThrownBy(() -> teach(Pets.recipe(path("table")), "run"))
        .hasMessageContaining(" rows repeat one, such as ")
        .hasMessageContaining("a\\u0000b (2 rows), a\\u0009b (2 rows)")
        .message()
        .hasLineCount(1);
  }

  @Test
  void aLongKeyIsShownByItsEnds() {
    assertThat(ShownKey.of("k".repeat(100) + "\n" + "z".repeat(100)))
        .isEqualTo("k".repeat(80) + "...(201 characters)..." + "z".repeat(20));
    assertThat(ShownKey.of("a\n\u0085b")).isEqualTo("a\\u000a\\u0085b");
  }

  @Test
  void poisonedImagesGoToQuarantineAndTheOthersAreTaught() throws IOException {
    byte[] sound = image("png", 3, 2);
    byte[] bomb = sound.clone();
    ByteBuffer.wrap(bomb).putInt(16, 50_000).putInt(20, 50_000);
    byte[] empty = sound.clone();
    ByteBuffer.wrap(empty).putInt(16, 0).putInt(20, 0);
    byte[] jpeg = image("jpg", 3, 2);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      rows.add(row("pet-%02d".formatted(i), sound));
    }
    rows.add(row("bomb", bomb));
    rows.add(row("empty image", empty));
    rows.add(row("half a picture", Arrays.copyOf(jpeg, jpeg.length - 12)));
    rows.add(row("no bytes", new byte[0]));
    rows.add(row("nothing", null));
    rows.add(row("text", "a cat".getBytes(StandardCharsets.UTF_8)));
    rows.add(row("tiff", image("tiff", 3, 2)));
    rows.add(row("wide", image("png", 400, 300)));
    spark.createDataFrame(rows, IMAGES).repartition(3).write().parquet(path("table"));

    SignalManifest manifest =
        teach(
            Pets.recipe(
                path("table"), "data.features.encoding=image", "signals.quarantine-budget=0.2"),
            "run");

    assertThat(manifest.rows()).isEqualTo(60);
    List<Row> quarantined =
        spark
            .read()
            .parquet(table().quarantineFiles(manifest).toArray(String[]::new))
            .sort("sample_id")
            .collectAsList();
    assertThat(quarantined)
        .extracting(row -> row.getString(0))
        .containsExactly(
            "bomb", "empty image", "half a picture", "no bytes", "nothing", "text", "tiff", "wide");
    assertThat(quarantined.get(0).getString(2)).contains("50000 wide and 50000 high");
    assertThat(quarantined.get(2).getString(2)).contains("cannot be decoded");
    assertThat(quarantined.get(3).getString(2)).contains("no PNG, JPEG, BMP or GIF");
  }

  @Test
  void aPartOfTheTableWithoutRowsChangesNothing() throws IOException {
    Pets.write(spark, Pets.rows(40, 3), 2, path("table"));
    Recipe recipe = Pets.recipe(path("table"));
    SignalManifest first = teach(recipe, "first");
    Pets.table(spark, List.of()).write().mode("append").parquet(path("table"));

    SignalManifest second = teach(recipe, "second");

    assertThat(second.rows()).isEqualTo(40);
    assertThat(second.newRows()).isZero();
    assertThat(second.files()).isEqualTo(first.files());
  }

  @Test
  void anEmptyTableIsRefusedAndTheSignalsStay() {
    Pets.write(spark, Pets.rows(40, 3), 2, path("table"));
    SignalManifest first = teach(Pets.recipe(path("table")), "first");
    Pets.write(spark, List.of(), 1, path("table"));

    assertThatThrownBy(() -> teach(Pets.recipe(path("table")), "second"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("there is no train example; the table is empty");
    assertThat(table().current()).hasValue(first);
    table().verify(first);
  }

  private static Row row(String id, byte[] image) {
    return RowFactory.create(id, image, 1L);
  }

  private static byte[] image(String format, int width, int height) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    assertThat(ImageIO.write(image, format, bytes)).isTrue();
    return bytes.toByteArray();
  }

  private SignalManifest teach(Recipe recipe, String runId) {
    return TeachJob.run(
        spark,
        recipe,
        recipe.teacher().orElseThrow(),
        path("teacher.onnx"),
        path("signals"),
        runId,
        progress -> {});
  }

  private SignalTable table() {
    return new SignalTable(
        new org.apache.hadoop.fs.Path(path("signals")), spark.sessionState().newHadoopConf());
  }

  private List<String> keys(SignalManifest manifest) {
    return spark
        .read()
        .parquet(table().dataFiles(manifest).toArray(String[]::new))
        .select("sample_id")
        .collectAsList()
        .stream()
        .map(row -> row.getString(0))
        .toList();
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
