package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.signal.SignalFile;
import io.lakestill.signal.Slice;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SliceCompactionTest {
  private static final long MIB = 1L << 20;

  /** Their product does not fit into 64 bits. */
  @Test
  void aSliceOfBillionsOfRowsBecomesAsManyFilesAsItsBytesFill() {
    Slice large = slice(4_000_000_000L, 4L << 40, 0);

    assertThat(SliceCompaction.files(large, 32 * MIB)).isEqualTo((4 << 20) / 128);
  }

  @Test
  void deadRowsFillNothing() {
    assertThat(SliceCompaction.files(slice(4_000, 1280 * MIB, 3_000), 32 * MIB)).isEqualTo(2);
    assertThat(SliceCompaction.files(slice(0, 0, 0), 32 * MIB)).isEqualTo(1);
  }

  private static Slice slice(long written, long bytes, long dead) {
    List<SignalFile> files =
        List.of(new SignalFile("v=1/part-0.parquet", written, bytes, "a".repeat(64)));
    List<SignalFile> tombstones =
        List.of(new SignalFile("_lakestill/tombstones-v2/part-0.parquet", dead, 1, "a".repeat(64)));
    return new Slice(
        Optional.empty(), 2, "run", "f", List.of(), files, List.of(), tombstones, dead);
  }
}
