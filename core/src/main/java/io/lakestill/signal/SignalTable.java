package io.lakestill.signal;

import io.lakestill.error.Errors;
import io.lakestill.io.Json;
import io.lakestill.io.StoredFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
 * _lakestill/manifest-v3.json             what version 3 is, with the files it keeps of older ones
 * _lakestill/quarantine-v3/part-*.parquet rows without signals, with the reason
 * _lakestill/tombstones-v3/part-*.parquet keys whose rows in older files are dead
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
      Pattern.compile("(?:v=|manifest-v|quarantine-v|tombstones-v)([1-9][0-9]{0,8})(?:\\.json)?");

  /** Where the signal files of a version lie. */
  public Path folder(int version) {
    return new Path(root, "v=" + version);
  }

  /** Where the quarantine files of a version lie. */
  public Path quarantineFolder(int version) {
    return new Path(metadata(), "quarantine-v" + version);
  }

  /** Where the tombstone files of a version lie. */
  public Path tombstoneFolder(int version) {
    return new Path(metadata(), "tombstones-v" + version);
  }

  /** Where everything lies that is no signal. */
  public Path metadata() {
    return new Path(root, "_lakestill");
  }

  /** Where the manifest of a version lies. */
  public Path manifestPath(int version) {
    return new Path(metadata(), "manifest-v" + version + ".json");
  }

  private StoredFile pointer() {
    return new StoredFile(new Path(metadata(), "CURRENT"), configuration);
  }

  /**
   * The signal files a manifest names, for Spark to read; never the folder. Without tombstones
   * only: otherwise some of their rows are dead, see {@link #slices}.
   */
  public List<String> dataFiles(SignalManifest manifest) {
    return paths(folder(manifest.version()), manifest.files());
  }

  /** The quarantine files a manifest names. */
  public List<String> quarantineFiles(SignalManifest manifest) {
    return paths(quarantineFolder(manifest.version()), manifest.quarantine());
  }

  private List<String> paths(Path folder, List<SignalFile> files) {
    return files.stream().map(file -> path(folder, file).toString()).toList();
  }

  private Path path(Path folder, SignalFile file) {
    return new Path(file.name().contains("/") ? root : folder, file.name());
  }

  /**
   * Signal files that the same tombstones apply to.
   *
   * @param files paths of signal files
   * @param tombstones paths of the tombstone files younger than those
   */
  public record Slice(List<String> files, List<String> tombstones) {}

  /** The signal files of a version, those of one age together, oldest first. */
  public List<Slice> slices(SignalManifest manifest) {
    Map<Integer, List<SignalFile>> ages =
        manifest.files().stream()
            .collect(
                Collectors.groupingBy(
                    file -> file.version(manifest.version()), TreeMap::new, Collectors.toList()));
    List<Slice> slices = new ArrayList<>();
    ages.forEach(
        (age, files) -> {
          List<SignalFile> younger =
              manifest.tombstones().stream()
                  .filter(file -> file.version(manifest.version()) > age)
                  .toList();
          slices.add(
              new Slice(
                  paths(folder(manifest.version()), files),
                  paths(tombstoneFolder(manifest.version()), younger)));
        });
    return slices;
  }

  /** Every file a manifest names, with what must be in it. */
  public List<TableFile> files(SignalManifest manifest) {
    List<TableFile> files = new ArrayList<>();
    for (Content content : Content.values()) {
      Path folder = folder(content, manifest.version());
      for (SignalFile file : content.files(manifest)) {
        files.add(new TableFile(path(folder, file), file, content));
      }
    }
    return files;
  }

  private Path folder(Content content, int version) {
    return switch (content) {
      case SIGNALS -> folder(version);
      case QUARANTINE -> quarantineFolder(version);
      case TOMBSTONES -> tombstoneFolder(version);
    };
  }

  /** The files of a version as the manifest of a later one names them. */
  public List<SignalFile> kept(SignalManifest manifest, Content content) {
    String folder = folder(content, manifest.version()).toString();
    String below = folder.substring(root.toString().length() + 1);
    return content.files(manifest).stream().map(file -> file.in(below)).toList();
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
   * Makes a version the current one: its manifest first, the pointer last. Before that, what lies
   * in its folders and is not in its manifest is removed: other attempts of its tasks left it.
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
    removeLeftovers(manifest);
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
    List<TableFile> files = files(manifest);
    Map<Path, Long> sizes = sizes(files.stream().map(TableFile::folder).distinct().toList());
    for (TableFile file : files) {
      file.sizeFault(Optional.ofNullable(sizes.get(file.path())))
          .ifPresent(
              fault -> {
                throw Errors.badInput(file.refusal(fault));
              });
    }
  }

  /**
   * The files that lie among those of a version although no manifest names them: somebody put them
   * there, and a reader that goes by the folder would take them for signals. What a run left that
   * never committed is not counted, since its folders are its own.
   */
  public List<Path> extraFiles(SignalManifest manifest) {
    Set<Path> folders = new TreeSet<>();
    files(manifest).forEach(file -> folders.add(file.folder()));
    for (Content content : Content.values()) {
      folders.add(folder(content, manifest.version()));
    }
    Set<Path> found = new TreeSet<>(sizes(List.copyOf(folders)).keySet());
    files(manifest).forEach(file -> found.remove(file.path()));
    if (!found.isEmpty()) {
      for (int version : versions()) {
        if (version != manifest.version()) {
          files(manifest(version)).forEach(file -> found.remove(file.path()));
        }
      }
    }
    return List.copyOf(found);
  }

  private void removeLeftovers(SignalManifest manifest) {
    for (Content content : Content.values()) {
      Path folder = folder(content, manifest.version());
      Set<Path> left = new TreeSet<>(sizes(List.of(folder)).keySet());
      files(manifest).forEach(file -> left.remove(file.path()));
      for (Path path : left) {
        try {
          path.getFileSystem(configuration).delete(path, false);
        } catch (IOException e) {
          throw new UncheckedIOException("Cannot delete '" + path + "'", e);
        }
      }
    }
  }

  /** By path without scheme, as the paths below the root are written. */
  private Map<Path, Long> sizes(List<Path> folders) {
    Map<Path, Long> sizes = new HashMap<>();
    for (Path folder : folders) {
      for (FileStatus status : list(folder)) {
        String name = status.getPath().getName();
        if (status.isFile() && !name.startsWith(".") && !name.startsWith("_")) {
          sizes.put(new Path(folder, name), status.getLen());
        }
      }
    }
    return sizes;
  }

  /**
   * Reads every byte of every file and compares its SHA-256, rows and columns with the manifest.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) naming the first file that differs
   */
  public void verify(SignalManifest manifest) {
    for (TableFile file : files(manifest)) {
      file.fault(manifest, configuration)
          .ifPresent(
              fault -> {
                throw Errors.badInput(file.refusal(fault));
              });
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
