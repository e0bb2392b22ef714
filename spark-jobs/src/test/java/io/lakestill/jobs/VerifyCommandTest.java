package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is wrong with the files of a table, {@code verify} names the file and what to do. */
class VerifyCommandTest {
  @TempDir private Path folder;

  private SignalTable table;

  @BeforeAll
  static void chooseMaster() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
  }

  @BeforeEach
  void teach() throws IOException {
    table = signals().commit(4);
  }

  private SyntheticSignals signals() {
    SyntheticSignals signals = new SyntheticSignals(folder, 1, 1);
    for (int i = 0; i < 100; i++) {
      signals.say("row-" + i, 0, "hash-" + i, i % 10);
    }
    return signals.quarantine("bad", 0);
  }

  @Test
  void aSoundTableIsSound() throws IOException {
    signals().commit(2);

    CommandLineRun current = verify();
    assertThat(current.exit()).as(current.err()).isZero();
    JsonNode summary = current.summary();
    assertThat(summary.path("command").asText()).isEqualTo("verify");
    assertThat(summary.path("outcome").asText()).isEqualTo("done");
    assertThat(summary.path("version").asInt()).isEqualTo(2);
    assertThat(summary.path("files").asInt()).isEqualTo(3);
    assertThat(summary.path("rows").asInt()).isEqualTo(100);
    assertThat(summary.path("faults")).isEmpty();
    assertThat(current.err()).contains("Version 2 of ", " is sound: 3 files, 100 rows, ");

    CommandLineRun first = verify("--version", "1");
    assertThat(first.exit()).isZero();
    assertThat(first.summary().path("files").asInt()).isEqualTo(5);
  }

  @Test
  void namesEveryFileThatIsNotAsItWas() throws IOException {
    flip(file(0));
    Files.write(file(1), Arrays.copyOf(Files.readAllBytes(file(1)), 300));
    Files.delete(file(2));
    Files.copy(file(3), folder.resolve("v=1/part-00009.parquet"));
    flip(folder.resolve("_lakestill/quarantine-v1/part-00000.parquet"));

    CommandLineRun run = verify();

    assertThat(run.exit()).isEqualTo(3);
    List<String> faults = new ArrayList<>();
    run.summary().path("faults").forEach(fault -> faults.add(fault.asText()));
    assertThat(faults).hasSize(5);
    assertThat(faults.get(0))
        .contains("/v=1/part-00000.parquet' has other bytes than were written: SHA-256 ")
        .endsWith("; restore it from a copy, or remove it and run teach again.");
    assertThat(faults.get(1))
        .contains("/v=1/part-00001.parquet' has 300 bytes, its manifest says ");
    assertThat(faults.get(2)).contains("/v=1/part-00002.parquet' is missing, its manifest says ");
    assertThat(faults.get(3)).contains("quarantine-v1/part-00000.parquet' has other bytes");
    assertThat(faults.get(4))
        .contains("/v=1/part-00009.parquet' is in no manifest; remove it, or run bin/lakestill gc");
    assertThat(run.err()).contains("lakestill verify: Version 1 of signal table", " has 5 faults:");
    assertThat(run.summary().path("exit").asInt()).isEqualTo(3);
  }

  @Test
  void findsFilesThatAreSoundAndNotWhatTheManifestSays() throws IOException {
    Path path = folder.resolve("_lakestill/manifest-v1.json");
    ObjectNode manifest = Json.parse(Files.readString(path), "manifest");
    ObjectNode slice = (ObjectNode) manifest.path("slices").get(0);
    ObjectNode file = (ObjectNode) slice.path("files").get(1);
    file.put("rows", file.path("rows").asInt() + 7);
    slice.put("rows", slice.path("rows").asInt() + 7);
    manifest.put("rows", manifest.path("rows").asInt() + 7);
    ((ArrayNode) manifest.path("signals")).addObject().put("name", "embedding").put("width", 3);
    Files.writeString(path, Json.pretty(manifest));

    CommandLineRun run = verify();

    assertThat(run.exit()).isEqualTo(3);
    assertThat(run.err())
        .contains("part-00001.parquet' has 25 rows, its manifest says 32; ")
        .contains("part-00000.parquet' has other columns than its manifest says: no 'embedding'");
  }

  @Test
  void saysThatThereIsNoTableOrNoVersion() {
    CommandLineRun nowhere =
        CommandLineRun.of("verify", "--table", folder.resolve("no").toString());
    assertThat(nowhere.exit()).isEqualTo(3);
    assertThat(nowhere.err()).contains("There is no signal table at '" + folder.resolve("no"));

    CommandLineRun other = CommandLineRun.of("verify", "--table", folder.resolve("v=1").toString());
    assertThat(other.exit()).isEqualTo(3);
    assertThat(other.err()).contains("nothing was committed to it yet");

    CommandLineRun future = verify("--version", "9");
    assertThat(future.exit()).isEqualTo(3);
    assertThat(future.err()).contains("has no version 9 (no '", "versions here: [1]");
  }

  private CommandLineRun verify(String... more) {
    List<String> line = new ArrayList<>(List.of("verify", "--table", folder.toString()));
    line.addAll(List.of(more));
    return CommandLineRun.of(line.toArray(String[]::new));
  }

  private Path file(int index) {
    SignalManifest manifest = table.manifest(1);
    assertThat(manifest.files().get(index).name())
        .isEqualTo(String.format(Locale.ROOT, "v=1/part-%05d.parquet", index));
    return folder.resolve(manifest.files().get(index).name());
  }

  private static void flip(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 3] ^= 4;
    Files.write(file, bytes);
  }
}
