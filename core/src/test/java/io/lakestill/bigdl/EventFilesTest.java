package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import com.intel.analytics.bigdl.dllib.visualization.TrainSummary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFilesTest {
  @TempDir Path folder;

  /** BigDL's parser then throws a checked exception, which Scala does not declare. */
  @Test
  void aFileThatIsHalfWrittenHoldsNothingYet() throws Exception {
    LocalSpark.cluster();
    TrainSummary summary = new TrainSummary(folder.toString(), "events");
    summary.addScalar("Loss", 1f, 1);
    summary.close();
    Awaitility.await().until(() -> EventFiles.holds(summary, "Loss", 1));

    // A record of four bytes whose values are still zero: length, checksum, values, checksum.
    byte[] half = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).putLong(4).array();
    try (Stream<Path> files = Files.walk(folder)) {
      Files.write(files.filter(Files::isRegularFile).findFirst().orElseThrow(), half);
    }

    assertThat(EventFiles.holds(summary, "Loss", 1)).isFalse();
  }
}
