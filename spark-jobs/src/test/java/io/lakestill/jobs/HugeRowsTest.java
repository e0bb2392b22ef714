package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.signal.SignalManifest;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One row of 200 MB among small ones, in a driver of its own with two cores. */
class HugeRowsTest {
  private static final MessageType PETS =
      MessageTypeParser.parseMessageType(
          """
          message pets {
            required binary sample_id (STRING);
            required binary pixels;
            required int64 label;
          }
          """);
  private static final int HUGE = 200_000_000;
  private static final int SOUND = 60;

  /** Spark's reader holds such a cell four times; half of what a driver has by default. */
  private static final String HEAP = "2g";

  private static final long PATIENCE_MINUTES = 10;

  @TempDir Path folder;

  private final List<Process> drivers = new ArrayList<>();
  private Path log;

  @BeforeEach
  void writeTeacher() throws IOException {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(5).onnx());
  }

  @AfterEach
  void endDrivers() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
    ForkedJvms.end(drivers.toArray(Process[]::new));
  }

  @Test
  void anImageOf200MegabytesGoesToQuarantineAndTheOthersAreTaught() throws Exception {
    byte[] picture = picture();
    byte[] huge = withChunk(picture, HUGE);
    write(picture, huge);

    Process driver = teach("image");

    assertEnds(driver, 0);
    SignalFolder signals = new SignalFolder(folder.resolve("out/signals/oracle"));
    SignalManifest manifest = signals.current();
    assertThat(manifest.rows()).isEqualTo(SOUND);
    List<Row> quarantined =
        LocalSession.open()
            .read()
            .parquet(signals.table().quarantineFiles(manifest).toArray(String[]::new))
            .collectAsList();
    assertThat(quarantined).hasSize(1);
    assertThat(quarantined.get(0).getString(0)).isEqualTo("huge");
    assertThat(quarantined.get(0).getString(2))
        .isEqualTo(
            "the image has %d bytes, one of 3 by 2 pixels must not have more than 67108912"
                .formatted(huge.length));
    signals.assertNothingLeftAfterGc(Set.of(1));
  }

  @Test
  void pixelsOf200MegabytesAreRefusedByNameAndSize() throws Exception {
    write(new byte[Pets.WIDTH], new byte[HUGE]);

    Process driver = teach("uint8");

    assertEnds(driver, 3);
    assertThat(ForkedJvms.end(log))
        .contains("asks for (6), such as huge (%d values)".formatted(HUGE));
    assertThat(folder.resolve("out/signals")).doesNotExist();
  }

  /** One row of 200 MB, in the middle of a file with the others. */
  private void write(byte[] sound, byte[] huge) throws IOException {
    try (ParquetWriter<Group> writer = writer()) {
      for (int i = 0; i < SOUND; i++) {
        writer.write(row("pet-%02d".formatted(i), sound));
        if (i == SOUND / 2) {
          writer.write(row("huge", huge));
        }
      }
    }
  }

  private ParquetWriter<Group> writer() throws IOException {
    return ExampleParquetWriter.builder(
            new org.apache.hadoop.fs.Path(table().resolve("part-0.parquet").toUri()))
        .withType(PETS)
        .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
        .build();
  }

  private static Group row(String id, byte[] pixels) {
    return new SimpleGroup(PETS)
        .append("sample_id", id)
        .append("pixels", Binary.fromConstantByteArray(pixels))
        .append("label", 1L);
  }

  private static byte[] picture() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY), "png", bytes);
    return bytes.toByteArray();
  }

  /** A sound PNG but for its size: a private chunk of noise behind the header. */
  private static byte[] withChunk(byte[] png, int size) {
    int header = 33;
    byte[] noise = new byte[size];
    new Random(7).nextBytes(noise);
    return ByteBuffer.allocate(png.length + size + 12)
        .put(png, 0, header)
        .putInt(size)
        .put("prVt".getBytes(StandardCharsets.US_ASCII))
        .put(noise)
        .putInt(0)
        .put(png, header, png.length - header)
        .array();
  }

  private Path table() {
    return folder.resolve("table");
  }

  private Process teach(String encoding) throws IOException {
    String text =
        Pets.text(table().toString())
            .replace("output = unused", "output = \"" + folder.resolve("out") + "\"")
            .replace("onnx = unused", "onnx = \"" + folder.resolve("teacher.onnx") + "\"")
            .replace("scale = 2", "scale = 2, encoding = " + encoding);
    Path recipe = Files.writeString(folder.resolve("pets.conf"), text);
    log = folder.resolve("driver.log");
    ForkedJvms jvms = ForkedJvms.in(Files.createDirectory(folder.resolve("jvm")));
    Process driver =
        jvms.lakestill(
            "local[2]", log, HEAP, List.of(), List.of("teach", "--recipe", recipe.toString()));
    drivers.add(driver);
    return driver;
  }

  private void assertEnds(Process driver, int exit) throws InterruptedException {
    assertThat(driver.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)).as(this::log).isTrue();
    assertThat(driver.exitValue()).as(this::log).isEqualTo(exit);
  }

  private String log() {
    return ForkedJvms.end(log);
  }
}
