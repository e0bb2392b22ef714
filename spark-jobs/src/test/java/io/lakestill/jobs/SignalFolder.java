package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * A signal table on this disk, as somebody sees it who looks into its folder.
 *
 * @param path the folder
 */
record SignalFolder(Path path) {

  SignalTable table() {
    return new SignalTable(new org.apache.hadoop.fs.Path(path.toUri()), new Configuration());
  }

  SignalManifest current() {
    return table().current().orElseThrow();
  }

  /** {@code verify} finds nothing, not even a file too many. */
  void assertSound() {
    assertDone(CommandLineRun.of("verify", "--table", path.toString()));
  }

  /** After {@code gc} there is what these versions name, and nothing else. */
  void assertNothingLeftAfterGc(Collection<Integer> versions) throws IOException {
    assertDone(CommandLineRun.of("gc", "--table", path.toString()));
    assertSound();
    Set<String> named = new TreeSet<>(Set.of("_lakestill/CURRENT"));
    for (int version : versions) {
      named.add("_lakestill/manifest-v%d.json".formatted(version));
      table().files(table().manifest(version)).stream()
          .map(file -> path.toUri().relativize(file.path().toUri()).getPath())
          .forEach(named::add);
    }
    assertThat(files()).isEqualTo(named);
  }

  private static void assertDone(CommandLineRun run) {
    assertThat(run.exit()).as(run.err()).isZero();
  }

  /** All of it, but for the checksums that Hadoop keeps beside a file that is there. */
  private Set<String> files() throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        boolean checksum =
            name.startsWith(".")
                && name.endsWith(".crc")
                && Files.exists(
                    file.resolveSibling(name.substring(1, name.length() - ".crc".length())));
        if (!checksum) {
          names.add(path.relativize(file).toString());
        }
      }
    }
    return names;
  }
}
