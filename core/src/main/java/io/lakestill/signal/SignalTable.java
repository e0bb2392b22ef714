package io.lakestill.signal;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.io.StoredFile;
import io.lakestill.signal.projection.ProjectorFile;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The versions of one teacher's signals, on any Hadoop file system:
 *
 * <pre>
 * v=3/part-*.parquet                      signal files; v=3/dt=2026-11-03/ in a table with dates
 * _lakestill/manifest-v3.json             what version 3 is, with the files it keeps of older ones
 * _lakestill/quarantine-v3/part-*.parquet rows without signals, with the reason
 * _lakestill/tombstones-v3/part-*.parquet keys whose rows in older files are dead
 * _lakestill/claim-v4                     a run has this number, and may have written nothing yet
 * _lakestill/leases/dt=2026-11-03         the run that works on a date
 * _lakestill/leases/commit                the run that commits
 * _lakestill/CURRENT                      the version readers take, replaced atomically, last
 * </pre>
 *
 * A file exists only when a manifest names it; a version counts only when {@code CURRENT} names it.
 * So a run that dies leaves rubbish and changes nothing.
 *
 * @param root the folder of the table
 * @param configuration the Hadoop configuration that knows its file system
 */
public record SignalTable(Path root, Configuration configuration) {
  static final String METADATA = "_lakestill";

  /**
   * Where files of a slice lie.
   *
   * @param number of the run that writes them
   * @param date of the slice, if the table has dates
   */
  public Path folder(Content content, int number, Optional<String> date) {
    return new Path(root, content.folder(number, date));
  }

  /** Where the signal files of a table without dates lie. */
  public Path folder(int number) {
    return folder(Content.SIGNALS, number, Optional.empty());
  }

  /** Where the quarantine files of a table without dates lie. */
  public Path quarantineFolder(int number) {
    return folder(Content.QUARANTINE, number, Optional.empty());
  }

  /** Files that were just written, as a manifest names them. */
  public List<SignalFile> named(
      Content content, int number, Optional<String> date, List<SignalFile> written) {
    return written.stream().map(file -> file.in(content.folder(number, date))).toList();
  }

  /** Where everything lies that is no signal. */
  public Path metadata() {
    return new Path(root, METADATA);
  }

  /** Where runs say what they work on. */
  public Path leases() {
    return new Path(metadata(), "leases");
  }

  /** Where the manifest of a version lies. */
  public Path manifestPath(int version) {
    return new Path(metadata(), "manifest-v" + version + ".json");
  }

  /** A projector that signals were narrowed by. */
  public ProjectorFile projector(String sha256) {
    return new ProjectorFile(metadata(), sha256, configuration);
  }

  private StoredFile pointer() {
    return new StoredFile(new Path(metadata(), "CURRENT"), configuration);
  }

  /**
   * The signal files a manifest names, for Spark to read; never the folder. Without tombstones
   * only: otherwise some of their rows are dead, see {@link #generations}.
   */
  public List<String> dataFiles(SignalManifest manifest) {
    return paths(manifest.files());
  }

  /** The quarantine files a manifest names. */
  public List<String> quarantineFiles(SignalManifest manifest) {
    return paths(manifest.quarantine());
  }

  private List<String> paths(List<SignalFile> files) {
    return files.stream().map(file -> path(file).toString()).toList();
  }

  private Path path(SignalFile file) {
    return new Path(root, file.name());
  }

  /**
   * Signal files that the same tombstones apply to.
   *
   * @param files paths of signal files
   * @param tombstones paths of the tombstone files of the same slice that are younger than those
   */
  public record Generation(List<String> files, List<String> tombstones) {}

  /** The signal files of a version, those with the same tombstones together. */
  public List<Generation> generations(SignalManifest manifest) {
    Map<List<SignalFile>, List<SignalFile>> files = new LinkedHashMap<>();
    for (Slice slice : manifest.slices()) {
      for (SignalFile file : slice.files()) {
        List<SignalFile> younger =
            slice.tombstones().stream().filter(gone -> gone.number() > file.number()).toList();
        files.computeIfAbsent(younger, none -> new ArrayList<>()).add(file);
      }
    }
    return files.entrySet().stream()
        .map(same -> new Generation(paths(same.getValue()), paths(same.getKey())))
        .toList();
  }

  /** Every file a manifest names, with what must be in it. */
  public List<TableFile> files(SignalManifest manifest) {
    return manifest.slices().stream().flatMap(slice -> files(slice).stream()).toList();
  }

  private List<TableFile> files(Slice slice) {
    List<TableFile> files = new ArrayList<>();
    for (Content content : Content.values()) {
      content.files(slice).forEach(file -> files.add(new TableFile(path(file), file, content)));
    }
    return files;
  }

  /** The versions that have a manifest, oldest first. */
  public List<Integer> versions() {
    return numbers().ofManifests();
  }

  /**
   * One above every version that has left a trace, so that a dead run's files are never mixed in.
   */
  public int nextVersion() {
    return numbers().next();
  }

  /** What versions are counted by. */
  public VersionNumbers numbers() {
    return new VersionNumbers(root, metadata(), configuration);
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
   * Makes a version the current one: its manifest first, the pointer last. Only where no other run
   * can commit at the same time.
   *
   * @throws io.lakestill.error.LakestillException (exit 75) when the version already has a
   *     manifest, (exit 3) when one of its files is not as the manifest says
   */
  public void commit(SignalManifest manifest) {
    checkFiles(manifest);
    manifest.slices().forEach(this::removeLeftovers);
    write(manifest);
    pointTo(manifest.version());
  }

  /**
   * The first step of a commit: says what a version is, and makes nobody read it.
   *
   * @throws io.lakestill.error.LakestillException (exit 75) when it already has a manifest
   */
  public void write(SignalManifest manifest) {
    if (versions().contains(manifest.version())) {
      throw Errors.overtaken(
          "Signal table '%s' already has a version %d: another run wrote it meanwhile; start again."
              .formatted(root, manifest.version()));
    }
    new StoredFile(manifestPath(manifest.version()), configuration)
        .replace(Json.pretty(manifest.toJson()));
  }

  /**
   * The second step: from here on readers take this version.
   *
   * @throws io.lakestill.error.LakestillException (exit 75) when the file system fails, which may
   *     have done it all the same
   */
  public void pointTo(int version) {
    try {
      pointer().replace(version + "\n");
    } catch (UncheckedIOException e) {
      throw Errors.commitUnknown(
          root.toString(), version, pointer().path().toString(), e.getCause());
    }
  }

  /**
   * Compares names and sizes of all files with the manifest; costs one listing per folder.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) naming the first file that is missing or
   *     of another size
   */
  public void checkFiles(SignalManifest manifest) {
    checkFiles(files(manifest));
  }

  /** The same of one slice. */
  public void checkFiles(Slice slice) {
    checkFiles(files(slice));
  }

  private void checkFiles(List<TableFile> files) {
    Map<Path, Long> sizes = listing().sizes(files.stream().map(TableFile::folder).toList());
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
    for (Slice slice : manifest.slices()) {
      folders.addAll(ownFolders(slice));
    }
    Set<Path> found = new TreeSet<>(listing().sizes(folders).keySet());
    files(manifest).forEach(file -> found.remove(file.path()));
    removeNamed(
        found, versions().stream().filter(version -> version != manifest.version()).toList());
    return List.copyOf(found);
  }

  /**
   * Removes what lies in a slice's own folders and no manifest names: other attempts of its tasks.
   * Nothing when a manifest that could name them is damaged.
   */
  public void removeLeftovers(Slice slice) {
    Set<Path> left = new TreeSet<>(listing().sizes(ownFolders(slice)).keySet());
    files(slice).forEach(file -> left.remove(file.path()));
    try {
      removeNamed(left, versions().stream().filter(version -> version >= slice.number()).toList());
    } catch (LakestillException e) {
      return;
    }
    listing().delete(left);
  }

  private void removeNamed(Set<Path> found, List<Integer> versions) {
    if (!found.isEmpty()) {
      versions.forEach(v -> files(manifest(v)).forEach(file -> found.remove(file.path())));
    }
  }

  private List<Path> ownFolders(Slice slice) {
    // What is on its way into another table is no file of this one.
    return (slice.stored().isPresent()
            ? Stream.of(Content.QUARANTINE)
            : Stream.of(Content.values()))
        .map(content -> folder(content, slice.number(), slice.date()))
        .toList();
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

  private FolderListing listing() {
    return new FolderListing(configuration);
  }
}
