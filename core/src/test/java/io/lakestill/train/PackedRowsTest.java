package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackedRowsTest {
  private static final int FEATURES = 100;
  private static final int TARGETS = 11;

  /** Of a chunk on the heap: 196 rows of three views. */
  private static final long CHUNK = 4L * 196 * 3 * (FEATURES + TARGETS);

  @TempDir Path folder;

  private static List<PackedRow> rows(int count, int views) {
    Random random = new Random(count);
    List<PackedRow> rows = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      rows.add(new PackedRow(floats(views * FEATURES, random), floats(views * TARGETS, random)));
    }
    return rows;
  }

  private static float[] floats(int count, Random random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = Float.intBitsToFloat(random.nextInt());
    }
    return values;
  }

  @ParameterizedTest(name = "{0} chunks in memory")
  @CsvSource({"0, 0", "1, 196", "2, 392", "3, 500", "100, 500"})
  void everyViewOfEveryRowComesBackBitByBitFromWhereverItLies(int chunks, int inMemory) {
    List<PackedRow> rows = rows(500, 3);
    try (PackedRows packed = HeapRows.spilled(FEATURES, TARGETS, rows, folder, chunks * CHUNK)) {
      assertThat(packed.rows()).isEqualTo(500);
      assertThat(packed.views()).isEqualTo(3);
      assertThat(packed.heapBytes()).isEqualTo(4L * inMemory * 3 * (FEATURES + TARGETS));
      assertThat(packed.diskBytes()).isEqualTo(4L * (500 - inMemory) * 3 * (FEATURES + TARGETS));
      float[] features = new float[2 * FEATURES];
      float[] targets = new float[2 * TARGETS];
      for (int row = 499; row >= 0; row--) {
        for (int view = 0; view < 3; view++) {
          packed.copy(row, view, features, targets, 1);
          assertSame(features, FEATURES, rows.get(row).features(), view);
          assertSame(targets, TARGETS, rows.get(row).targets(), view);
        }
        assertThat(bits(packed.target(row, 7))).isEqualTo(bits(rows.get(row).targets()[7]));
      }
    }
  }

  /** The second slot of a batch holds a view. */
  private static void assertSame(float[] batch, int width, float[] row, int view) {
    for (int i = 0; i < width; i++) {
      assertThat(bits(batch[width + i])).isEqualTo(bits(row[view * width + i]));
    }
  }

  private static int bits(float value) {
    return Float.floatToRawIntBits(value);
  }

  @Test
  void aRowLongerThanTheBuffersIsWhole() {
    Random random = new Random(1);
    List<PackedRow> rows =
        List.of(
            new PackedRow(floats(700_000, random), floats(3, random)),
            new PackedRow(floats(700_000, random), floats(3, random)));
    try (PackedRows packed = HeapRows.spilled(700_000, 3, rows, folder, 3_000_000)) {
      assertThat(packed.heapBytes()).isEqualTo(packed.diskBytes());
      float[] features = new float[700_000];
      float[] targets = new float[3];
      packed.copy(1, 0, features, targets, 0);
      for (int i = 0; i < features.length; i++) {
        assertThat(bits(features[i])).isEqualTo(bits(rows.get(1).features()[i]));
      }
    }
  }

  @Test
  void theFileHasNoNameAndSoCannotStayBehind() {
    try (PackedRows packed = HeapRows.spilled(FEATURES, TARGETS, rows(10, 1), folder, 0)) {
      assertThat(packed.diskBytes()).isPositive();
      assertThat(folder).isEmptyDirectory();
    }
  }

  @Test
  void nothingIsReadAfterTheDiskWasGivenBack() {
    PackedRows packed = HeapRows.spilled(FEATURES, TARGETS, rows(10, 1), folder, 0);
    packed.close();

    assertThatThrownBy(() -> packed.target(3, 0))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageContaining("cannot be read back from '" + folder + "'");
  }

  @Test
  void aFolderThatTakesNoFileIsNamedWithTheKeysToChange() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> HeapRows.spilled(FEATURES, TARGETS, rows(10, 1), file, 0))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageContaining("cannot be written to '" + file + "'")
        .hasMessageContaining("spark.local.dir")
        .hasMessageContaining("train.memory");
  }

  @Test
  void refusesRowsOfOtherWidths() {
    List<PackedRow> rows = new ArrayList<>(rows(2, 3));
    rows.add(rows(1, 2).get(0));

    assertThatThrownBy(() -> HeapRows.of(FEATURES, TARGETS, rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("row 2 has 200 features and 22 targets, not 300 and 33");
  }
}
