package io.lakestill.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.StoredFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignalTableTest {
  private static final SignalSchema SCHEMA =
      new SignalSchema(List.of(new SignalColumn("logits", 2), new SignalColumn("embedding", 1)));

  @TempDir private Path folder;
  private final Configuration configuration = new Configuration();
  private SignalTable table;

  @BeforeEach
  void open() {
    table = new SignalTable(new org.apache.hadoop.fs.Path(folder.toUri()), configuration);
  }

  @Test
  void anEmptyTableHasNoVersion() {
    assertThat(table.current()).isEmpty();
    assertThat(table.versions()).isEmpty();
    assertThat(table.nextVersion()).isEqualTo(1);
  }

  @Test
  void aCommittedVersionIsWhatReadersTake() throws Exception {
    SignalManifest first = committed(3);
    assertThat(table.current()).hasValue(first);
    SignalManifest second = committed(4);

    assertThat(table.current()).hasValue(second);
    assertThat(table.versions()).containsExactly(1, 2);
    assertThat(table.manifest(1)).isEqualTo(first);
    assertThat(table.dataFiles(second)).singleElement().asString().contains("/v=2/part-");
    table.verify(first);
    table.verify(second);
  }

  @Test
  void aDeadRunsFilesAreNeverMixedIn() throws Exception {
    SignalManifest first = committed(3);
    write(table.nextVersion(), 5);

    assertThat(table.current()).hasValue(first);
    assertThat(table.versions()).containsExactly(1);
    assertThat(table.nextVersion()).isEqualTo(3);
  }

  @Test
  void keepsTheOldVersionWhenTheManifestWasWrittenButNotThePointer() throws Exception {
    SignalManifest first = committed(3);
    Files.writeString(folder.resolve("_lakestill/manifest-v2.json"), "{}");

    assertThat(table.current()).hasValue(first);
    assertThat(table.nextVersion()).isEqualTo(3);
  }

  @Test
  void hashesAndCountsWhatIsOnDisk() throws Exception {
    SignalManifest manifest = committed(5);
    SignalFile file = manifest.files().get(0);
    Path path = folder.resolve(file.name());

    assertThat(file.rows()).isEqualTo(5);
    assertThat(file.bytes()).isEqualTo(Files.size(path));
    assertThat(file.sha256()).isEqualTo(io.lakestill.io.Sha256.of(Files.readAllBytes(path)));
  }

  @Test
  void filesAreZstdWithProvenanceInTheFooter() throws Exception {
    SignalManifest manifest = committed(5);
    org.apache.hadoop.fs.Path path =
        new org.apache.hadoop.fs.Path(table.dataFiles(manifest).get(0));
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(path, configuration))) {
      ParquetMetadata footer = reader.getFooter();
      assertThat(footer.getFileMetaData().getKeyValueMetaData())
          .containsAllEntriesOf(
              Map.of(
                  "lakestill.signal-format", "3",
                  "lakestill.teacher-id", "tea",
                  "lakestill.teacher-sha256", "a".repeat(64)));
      assertThat(footer.getBlocks().get(0).getColumns())
          .allSatisfy(column -> assertThat(column.getCodec()).isEqualTo(CompressionCodecName.ZSTD));
    }
  }

  @Test
  void sameRowsMakeTheSameBytes() throws Exception {
    assertThat(write(1, 6).sha256()).isEqualTo(write(2, 6).sha256());
    assertThat(write(1, 6).sha256()).isNotEqualTo(write(2, 7).sha256());
  }

  @Test
  void namesTheFileThatIsMissingShortOrChanged() throws Exception {
    SignalManifest manifest = committed(5);
    Path path = folder.resolve(manifest.files().get(0).name());
    byte[] sound = Files.readAllBytes(path);

    byte[] flipped = sound.clone();
    flipped[sound.length / 2] ^= 1;
    Files.write(path, flipped);
    Files.deleteIfExists(path.resolveSibling("." + path.getFileName() + ".crc"));
    table.checkFiles(manifest);
    assertRefused(
        () -> table.verify(manifest),
        path.getFileName().toString(),
        "has other bytes than were written: SHA-256");

    Files.write(path, sound, StandardOpenOption.TRUNCATE_EXISTING);
    Files.write(path, new byte[] {0}, StandardOpenOption.APPEND);
    assertRefused(
        () -> table.checkFiles(manifest),
        path.getFileName().toString(),
        "has " + (sound.length + 1));

    Files.delete(path);
    assertRefused(() -> table.checkFiles(manifest), path.getFileName().toString(), "is missing");
  }

  @Test
  void refusesToCommitWhatIsNotThere() throws Exception {
    SignalManifest first = committed(3);
    SignalManifest claimed =
        manifest(2, new SignalFile("part-00000.zstd.parquet", 3, 10, "0".repeat(64)));

    assertRefused(() -> table.commit(claimed), "part-00000.zstd.parquet", "is missing");
    assertThat(table.current()).hasValue(first);
    assertThat(table.versions()).containsExactly(1);
  }

  @Test
  void refusesToCommitAVersionTwice() throws Exception {
    SignalManifest first = committed(3);

    assertThatThrownBy(() -> table.commit(first))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageContaining("already has a version 1")
        .hasMessageContaining("start again");
  }

  @Test
  void aNumberIsClaimedByOneRun() {
    assertThat(table.numbers().claim()).isEqualTo(1);
    assertThat(table.numbers().claim()).as("nothing is written yet").isEqualTo(2);
    assertThat(table.nextVersion()).isEqualTo(3);
    Garbage garbage = Garbage.find(table, 1, () -> Set.of("dt=d1"));
    assertThat(garbage.paths()).as("of a living run").isEmpty();
    Garbage.find(table, 1, Set::of).delete();
    assertThat(table.nextVersion()).isEqualTo(1);
  }

  @Test
  void leftoversThatAnyManifestNamesAreNotRemoved() throws Exception {
    SignalManifest first = committed(3);
    Path named = folder.resolve(first.files().get(0).name());
    Path extra = Files.writeString(named.resolveSibling("part-9.zstd.parquet"), "of an attempt");
    Slice other =
        new Slice(Optional.empty(), 1, "late", "f", List.of(), List.of(), List.of(), List.of(), 0);

    table.removeLeftovers(other);

    assertThat(named).exists();
    assertThat(extra).doesNotExist();
  }

  @Test
  void aProjectorThatWasMadeAnewSinceItWasFoundStays() throws Exception {
    committed(3);
    Path anew = folder.resolve("_lakestill/projector-%s.safetensors".formatted("a".repeat(64)));
    Path dead = folder.resolve("_lakestill/projector-%s.safetensors".formatted("b".repeat(64)));
    Files.writeString(anew, "a");
    Files.writeString(dead, "b");
    Files.setLastModifiedTime(anew, FileTime.fromMillis(1_000_000));
    Garbage garbage = Garbage.find(table, 1, Set::of);
    Files.writeString(anew, "a");

    garbage.delete();

    assertThat(anew).exists();
    assertThat(dead).doesNotExist();
  }

  @Test
  void aFileOfTheSameNameInAnotherFolderIsAnotherInput() throws Exception {
    String lake = folder.resolve("lake").toString();
    FileTime then = FileTime.fromMillis(1_000_000);
    Path one = Files.createDirectories(folder.resolve("lake/dt=1")).resolve("part-0");
    Files.writeString(one, "a");
    Files.setLastModifiedTime(one, then);
    InputSnapshot before = InputSnapshot.of(lake, Optional.empty(), configuration);
    InputSnapshot glob = InputSnapshot.of(lake + "/dt=*", Optional.empty(), configuration);

    Path two = Files.createDirectories(folder.resolve("lake/dt=2")).resolve("part-0");
    Files.move(one, two);

    assertThat(InputSnapshot.of(lake, Optional.empty(), configuration)).isNotEqualTo(before);
    assertThat(InputSnapshot.of(lake + "/dt=*", Optional.empty(), configuration))
        .isNotEqualTo(glob);
  }

  @Test
  void refusesADamagedPointer() throws Exception {
    committed(3);
    StoredFile pointer =
        new StoredFile(
            new org.apache.hadoop.fs.Path(table.root(), "_lakestill/CURRENT"), configuration);
    pointer.replace("newest");
    assertRefused(() -> table.current(), "must hold a version number", "write one of [1] into it");

    pointer.replace("9");
    assertRefused(() -> table.current(), "has no version 9", "versions here: [1]");
  }

  @Test
  void abandonedFilesAreRemoved() throws Exception {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(table.folder(1), "part-1");
    org.apache.hadoop.fs.Path refused =
        new org.apache.hadoop.fs.Path(table.quarantineFolder(1), "part-1");
    try (SignalFileWriter writer = new SignalFileWriter(contents(), path, refused, configuration)) {
      writer.write(row(0));
      writer.quarantine(new QuarantineRow("a", 0, "a test"));
    }

    assertThat(folder.resolve("v=1/part-1")).doesNotExist();
    assertThat(folder.resolve("_lakestill/quarantine-v1/part-1")).doesNotExist();
  }

  private static void assertRefused(Runnable action, String where, String what) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(where)
        .hasMessageContaining(what);
  }

  private SignalManifest committed(int rows) throws IOException {
    int version = table.nextVersion();
    SignalManifest manifest = manifest(version, write(version, rows));
    table.commit(manifest);
    return manifest;
  }

  private static SignalManifest manifest(int version, SignalFile file) {
    SignalManifest sample = SignalManifestTest.SAMPLE;
    return new SignalManifest(
        version,
        sample.created(),
        sample.runId(),
        sample.codeVersion(),
        sample.teacher(),
        sample.preprocessing(),
        SCHEMA.signals(),
        List.of("no", "yes"),
        sample.views(),
        Optional.empty(),
        List.of(
            new Slice(
                Optional.empty(),
                version,
                sample.runId(),
                "f".repeat(64),
                sample.inputs(),
                List.of(file.in("v=" + version)),
                List.of(),
                List.of(),
                0)));
  }

  private static SignalFileWriter.Contents contents() {
    return new SignalFileWriter.Contents(SCHEMA, "tea", "a".repeat(64));
  }

  private SignalFile write(int version, int rows) throws IOException {
    String name = "part-00000-" + java.util.UUID.randomUUID() + ".zstd.parquet";
    try (SignalFileWriter writer =
        new SignalFileWriter(
            contents(),
            new org.apache.hadoop.fs.Path(table.folder(version), name),
            new org.apache.hadoop.fs.Path(table.quarantineFolder(version), name),
            configuration)) {
      for (int i = 0; i < rows; i++) {
        writer.write(row(i));
      }
      assertThat(writer.finishQuarantine()).isEmpty();
      return writer.finishSignals().orElseThrow();
    }
  }

  private static SignalRow row(int i) {
    float[][] signals = {{i, -i}, {0.5f * i}};
    return new SignalRow("row-" + i, 0, "h" + i, OptionalInt.of(i % 2), signals, 0);
  }
}
