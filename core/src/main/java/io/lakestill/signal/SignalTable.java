package io.lakestill.signal;

import io.lakestill.error.Errors;
import io.lakestill.io.Json;
import io.lakestill.io.Sha256;
import io.lakestill.io.StoredFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The versions of one teacher's signals, on any Hadoop file system:
 *
 * <pre>
 * v=3/part-*.parquet                      signal files
 * _lakestill/manifest-v3.json             what version 3 is
 * _lakestill/quarantine-v3/part-*.parquet rows without signals, with the reason
 * _lakestill/CURRENT                      the version readers take, replaced atomically, last
 * </pre>
 *
 * A file exists only when a manifest names it; a version only when {@code CURRENT} has named it. So
 * a run that dies leaves rubbish and changes nothing.
 *
 * @param root the folder of the table
 * @param configuration the Hadoop configuration that knows its file system
 */
public record SignalTable(Path root, Configuration configuration) {
  private static final Pattern VERSION =
      Pattern.compile("(?:v=|manifest-v|quarantine-v)([1-9][0-9]{0,8})(?:\\.json)?");

  /** Where the signal files of a version lie. */
  public Path folder(int version) {
    return new Path(root, "v=" + version);
  }

  /** Where the quarantine files of a version lie. */
  public Path quarantineFolder(int version) {
    return new Path(metadata(), "quarantine-v" + version);
  }

  private Path metadata() {
    return new Path(root, "_lakestill");
  }

  private Path manifestPath(int version) {
    return new Path(metadata(), "manifest-v" + version + ".json");
  }

  private StoredFile pointer() {
    return new StoredFile(new Path(metadata(), "CURRENT"), configuration);
  }

  /** The signal files a manifest names, for Spark to read; never the folder. */
  public List<String> dataFiles(SignalManifest manifest) {
    return paths(folder(manifest.version()), manifest.files());
  }

  /** The quarantine files a manifest names. */
  public List<String> quarantineFiles(SignalManifest manifest) {
    return paths(quarantineFolder(manifest.version()), manifest.quarantine());
  }

  private static List<String> paths(Path folder, List<SignalFile> files) {
    return files.stream().map(file -> new Path(folder, file.name()).toString()).toList();
  }

  /** The versions that have a manifest, oldest first. */
  public List<Integer> versions() {
    return names(metadata()).stream()
        .filter(name -> name.startsWith("manifest-v") && name.endsWith(".json"))
        .flatMapToInt(SignalTable::version)
        .sorted()
        .boxed()
        .toList();
  }

  /**
   * One above every version that has left a trace, so that a dead run's files are never mixed in.
   */
  public int nextVersion() {
    List<String> names = new ArrayList<>(names(root));
    names.addAll(names(metadata()));
    return names.stream().flatMapToInt(SignalTable::version).max().orElse(0) + 1;
  }

  private static IntStream version(String name) {
    Matcher matcher = VERSION.matcher(name);
    return matcher.matches() ? IntStream.of(Integer.parseInt(matcher.group(1))) : IntStream.empty();
  }

  /**
   * The version readers take; empty when nothing was ever committed.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when the pointer or the manifest is
   *     damaged
   */
  public Optional<SignalManifest> current() {
    Optional<String> text = pointer().text().map(String::strip);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (!text.get().matches("[1-9][0-9]{0,8}")) {
      throw Errors.badInput(
          "'%s' must hold a version number, holds '%s'; write one of %s into it."
              .formatted(pointer().path(), text.get(), versions()));
    }
    return Optional.of(manifest(Integer.parseInt(text.get())));
  }

  /**
   * The manifest of a version.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is none or it is damaged
   */
  public SignalManifest manifest(int version) {
    StoredFile file = new StoredFile(manifestPath(version), configuration);
    String text =
        file.text()
            .orElseThrow(
                () ->
                    Errors.badInput(
                        "Signal table '%s' has no version %d (no '%s'); versions here: %s. Teach"
                                .formatted(root, version, file.path(), versions())
                            + " again."));
    String origin = file.path().toString();
    SignalManifest manifest = SignalManifest.fromJson(Json.parse(text, origin), origin);
    if (manifest.version() != version) {
      throw Errors.badInput(
          "'%s' describes version %d; it was moved or damaged."
              .formatted(origin, manifest.version()));
    }
    return manifest;
  }

  /**
   * Makes a version the current one: its manifest first, the pointer last.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when the version already has a manifest
   *     or one of its files is not as the manifest says
   */
  public void commit(SignalManifest manifest) {
    StoredFile file = new StoredFile(manifestPath(manifest.version()), configuration);
    if (versions().contains(manifest.version())) {
      throw Errors.badInput(
          "Signal table '%s' already has a version %d: another run wrote it meanwhile; start again."
              .formatted(root, manifest.version()));
    }
    checkFiles(manifest);
    file.replace(Json.pretty(manifest.toJson()));
    pointer().replace(manifest.version() + "\n");
  }

  /**
   * Compares names and sizes of all files with the manifest; costs one listing per folder.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) naming the first file that is missing or
   *     of another size
   */
  public void checkFiles(SignalManifest manifest) {
    checkSizes(folder(manifest.version()), manifest.files());
    checkSizes(quarantineFolder(manifest.version()), manifest.quarantine());
  }

  private void checkSizes(Path folder, List<SignalFile> files) {
    if (files.isEmpty()) {
      return;
    }
    Map<String, Long> sizes = new HashMap<>();
    for (FileStatus status : list(folder)) {
      sizes.put(status.getPath().getName(), status.getLen());
    }
    for (SignalFile file : files) {
      Long size = sizes.get(file.name());
      if (size == null || size != file.bytes()) {
        throw Errors.badInput(
            "Signal file '%s' %s, its manifest says %d bytes; restore it or teach again."
                .formatted(
                    new Path(folder, file.name()),
                    size == null ? "is missing" : "has " + size + " bytes",
                    file.bytes()));
      }
    }
  }

  /**
   * Reads every byte of every file and compares its SHA-256 with the manifest.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) naming the first file that differs
   */
  public void verify(SignalManifest manifest) {
    checkFiles(manifest);
    verify(folder(manifest.version()), manifest.files());
    verify(quarantineFolder(manifest.version()), manifest.quarantine());
  }

  private void verify(Path folder, List<SignalFile> files) {
    for (SignalFile file : files) {
      Path path = new Path(folder, file.name());
      try (InputStream in = path.getFileSystem(configuration).open(path)) {
        String sha256 = Sha256.of(in);
        if (!sha256.equals(file.sha256())) {
          throw Errors.badInput(
              "Signal file '%s' has SHA-256 %s, its manifest says %s; restore it or teach again."
                  .formatted(path, sha256, file.sha256()));
        }
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read '" + path + "'", e);
      }
    }
  }

  private List<String> names(Path folder) {
    return list(folder).stream().map(status -> status.getPath().getName()).toList();
  }

  private List<FileStatus> list(Path folder) {
    try {
      FileSystem files = folder.getFileSystem(configuration);
      return List.of(files.listStatus(folder));
    } catch (FileNotFoundException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list '" + folder + "'", e);
    }
  }
}
