package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.signal.SignalManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A table of pets that has grown since it was taught, so that the next {@code teach} makes version
 * 2, and what that is when nothing happens to it. Every test takes a copy of the output.
 */
final class GrowingPets implements AutoCloseable {
  private static final int AT_FIRST = 60;
  private static final int GROWN = 700;
  private static final long SEED = 23;

  private final Path folder;
  private Set<String> rowsBefore;
  private Set<String> rowsAfter;
  private long filesAfter;

  private GrowingPets(Path folder) {
    this.folder = folder;
  }

  /**
   * Teaches the first rows, adds more, and teaches those in a copy, without any fault.
   *
   * @param folder an empty one
   */
  static GrowingPets taughtOnce(Path folder) throws IOException {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    GrowingPets pets = new GrowingPets(folder);
    pets.teachFirst();
    return pets;
  }

  private void teachFirst() throws IOException {
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(SEED).onnx());
    write(AT_FIRST);
    Output first = new Output(folder.resolve("first"));
    assertDone(CommandLineRun.of(first.teach().toArray(String[]::new)));
    rowsBefore = first.rows();
    write(GROWN);
    Output clean = copyTo(folder.resolve("clean"));
    assertDone(CommandLineRun.of(clean.teach().toArray(String[]::new)));
    rowsAfter = clean.rows();
    filesAfter = clean.newFiles();
    assertThat(rowsBefore).hasSize(AT_FIRST);
    assertThat(rowsAfter).hasSize(GROWN);
    assertThat(filesAfter).isGreaterThan(30);
  }

  private static void assertDone(CommandLineRun run) {
    assertThat(run.exit()).as(run.err()).isZero();
  }

  private void write(int rows) {
    SparkSession spark = LocalSession.open();
    Pets.write(spark, Pets.rows(GROWN, SEED).subList(0, rows), 2, table().toString());
    spark.stop();
  }

  private Path table() {
    return folder.resolve("table");
  }

  /** The output as it was before the table grew. */
  Output copyTo(Path to) throws IOException {
    Path from = folder.resolve("first");
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
    return new Output(to);
  }

  @Override
  public void close() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
  }

  /** An output folder of the recipe. */
  final class Output {
    private final Path root;

    private Output(Path root) {
      this.root = root;
    }

    /** The arguments of {@code teach}, which writes by {@link FaultyFileSystem}. */
    List<String> teach() throws IOException {
      boolean faulty = !root.startsWith(folder);
      String text =
          Pets.text(table().toString())
              .replace("output = unused", "output = \"" + (faulty ? uri() : root) + "\"")
              .replace("onnx = unused", "onnx = \"" + folder.resolve("teacher.onnx") + "\"");
      Path recipe = Files.writeString(root.resolveSibling(root.getFileName() + ".conf"), text);
      return List.of("teach", "--recipe", recipe.toString());
    }

    String uri() {
      return FaultyFileSystem.SCHEME + ":" + root;
    }

    Path lease() {
      return root.resolve(RunLease.FILE);
    }

    Path manifest(int version) {
      return signals().path().resolve("_lakestill/manifest-v%d.json".formatted(version));
    }

    private SignalFolder signals() {
      return new SignalFolder(root.resolve("signals/oracle"));
    }

    /** How many files of signals there are, whole or not. */
    long parts(int number) throws IOException {
      Path parts = signals().path().resolve("v=" + number);
      if (!Files.exists(parts)) {
        return 0;
      }
      try (Stream<Path> files = Files.list(parts)) {
        return files.filter(file -> file.toString().endsWith(".parquet")).count();
      }
    }

    private SignalManifest current() {
      return signals().current();
    }

    /** The rows that readers have now, each to the bit. */
    private Set<String> rows() {
      SparkSession spark = LocalSession.open();
      try {
        Dataset<Row> rows =
            spark.read().parquet(signals().table().dataFiles(current()).toArray(String[]::new));
        return rows
            .select("sample_id", "view_id", "content_hash", "logits", "embedding")
            .collectAsList()
            .stream()
            .map(Output::bits)
            .collect(Collectors.toCollection(TreeSet::new));
      } finally {
        spark.stop();
      }
    }

    private static String bits(Row row) {
      String key = row.getString(0) + " " + row.getInt(1) + " " + row.getString(2);
      return Stream.concat(row.<Float>getList(3).stream(), row.<Float>getList(4).stream())
          .map(value -> Integer.toHexString(Float.floatToRawIntBits(value)))
          .collect(Collectors.joining(" ", key + " ", ""));
    }

    /** How many files the current version has added. */
    private long newFiles() {
      return current().files().stream().filter(file -> !file.name().startsWith("v=1/")).count();
    }

    /** Readers have the rows of a run without faults, to the bit, and one file of each task. */
    void assertRows() {
      assertThat(newFiles()).isEqualTo(filesAfter);
      assertThat(current().rows()).as("no row twice").isEqualTo(rowsAfter.size());
      assertThat(rows()).isEqualTo(rowsAfter);
    }

    /** The same, and which version it is. */
    void assertTaught(int version) {
      assertThat(current().version()).isEqualTo(version);
      assertRows();
    }

    /** The version before is what readers have, and is whole. */
    void assertUntouched() {
      SignalManifest manifest = current();
      assertThat(manifest.version()).isEqualTo(1);
      signals().table().verify(manifest);
      assertThat(rows()).isEqualTo(rowsBefore);
    }

    /** {@code verify} finds nothing, not even a file too many. */
    void assertSound() {
      signals().assertSound();
    }

    /** After {@code gc} there is what the first and the current version name, and nothing else. */
    void assertNothingLeftAfterGc() throws IOException {
      signals().assertNothingLeftAfterGc(Set.copyOf(List.of(1, current().version())));
      assertThat(lease()).doesNotExist();
    }
  }
}
