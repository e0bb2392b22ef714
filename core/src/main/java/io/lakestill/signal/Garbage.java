package io.lakestill.signal;

import io.lakestill.error.Errors;
import io.lakestill.signal.projection.ProjectorFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The files of a signal table that no kept version needs: what runs left that never committed, and
 * what only versions that are given up name. Nothing but what Lakestill itself lays there is ever
 * among them.
 *
 * <p>The files of a run that has not committed yet cannot be told from those of a dead one. So who
 * deletes must hold the lease of the table's output folder, and what lies in folders of a date that
 * a living run works on is spared. Files are listed first, then leases, then manifests are read: a
 * run that ends meanwhile has its files in a manifest by the time its lease is gone, and what one
 * writes that begins meanwhile was not listed.
 */
public final class Garbage {
  private static final Pattern SIGNALS = Pattern.compile("v=[1-9][0-9]{0,8}");
  private static final Pattern BESIDE = Pattern.compile("(quarantine|tombstones)-v[1-9][0-9]{0,8}");
  private static final Pattern MANIFEST = Pattern.compile("manifest-v[1-9][0-9]{0,8}\\.json");

  /** What replacing CURRENT or a manifest leaves when its process dies in between. */
  private static final Pattern HALF =
      Pattern.compile(
          "\\.(CURRENT|manifest-v[0-9]+\\.json|projector-[0-9a-f]{64}\\.safetensors)\\.[0-9a-f-]{36}");

  private static final Pattern PART =
      Pattern.compile("part-[0-9]{5}-[0-9a-f-]{36}\\.zstd\\.parquet");

  private final SignalTable table;
  private final FileSystem files;
  private final List<FileStatus> found = new ArrayList<>();
  private final List<Path> folders = new ArrayList<>();
  private final List<Integer> keptVersions = new ArrayList<>();
  private final List<FileStatus> garbage = new ArrayList<>();
  private final Supplier<Set<String>> leases;
  private Set<String> living = Set.of();

  private Garbage(SignalTable table, FileSystem files, Supplier<Set<String>> leases) {
    this.table = table;
    this.files = files;
    this.leases = leases;
  }

  /**
   * Looks for it; nothing is deleted.
   *
   * @param keep how many of the newest committed versions to keep, the current one included
   * @param leases gives the names of the leases that living runs have, when it is asked
   * @throws io.lakestill.error.LakestillException (exit 3) when the pointer or a kept manifest is
   *     damaged, or that is no signal table
   */
  public static Garbage find(SignalTable table, int keep, Supplier<Set<String>> leases) {
    return find(table, keep, Set.of(), leases);
  }

  /**
   * The same with versions that stay in any case.
   *
   * @param needed their numbers; those that are gone already are passed over
   */
  public static Garbage find(
      SignalTable table, int keep, Set<Integer> needed, Supplier<Set<String>> leases) {
    if (keep < 1) {
      throw new IllegalArgumentException("the current version is always kept, keep is " + keep);
    }
    try {
      Garbage garbage =
          new Garbage(table, table.root().getFileSystem(table.configuration()), leases);
      garbage.list();
      garbage.living = leases.get();
      Optional<SignalManifest> current = table.current();
      garbage.choose(current.map(SignalManifest::version).orElse(0), keep, needed);
      if (current.isEmpty()) {
        garbage.requireOurs();
      }
      return garbage;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list '" + table.root() + "'", e);
    }
  }

  private void list() throws IOException {
    for (FileStatus status : list(table.metadata())) {
      String name = status.getPath().getName();
      if (status.isDirectory() && BESIDE.matcher(name).matches()) {
        below(status);
      } else if (status.isFile()
          && (HALF.matcher(name).matches()
              || MANIFEST.matcher(name).matches()
              || VersionNumbers.CLAIMED.matcher(name).matches()
              || ProjectorFile.NAME.matcher(name).matches())) {
        found.add(status);
      }
    }
    for (FileStatus status : list(table.root())) {
      if (status.isDirectory() && SIGNALS.matcher(status.getPath().getName()).matches()) {
        below(status);
      }
    }
  }

  private void below(FileStatus folder) throws IOException {
    for (FileStatus status : list(folder.getPath())) {
      if (status.isDirectory()) {
        below(status);
      } else {
        found.add(status);
      }
    }
    folders.add(folder.getPath());
  }

  private void choose(int current, int keep, Set<Integer> needed) {
    List<Integer> committed =
        table.versions().stream().filter(version -> version <= current).toList();
    int first = Math.max(0, committed.size() - keep);
    for (int i = 0; i < committed.size(); i++) {
      if (i >= first || needed.contains(committed.get(i))) {
        keptVersions.add(committed.get(i));
      }
    }
    Set<Path> named = new HashSet<>();
    for (int version : keptVersions) {
      SignalManifest manifest = table.manifest(version);
      named.add(qualified(table.manifestPath(version)));
      table.files(manifest).forEach(file -> named.add(qualified(file.path())));
      manifest.projectors().forEach(sha256 -> named.add(qualified(table.projector(sha256).path())));
    }
    if (!living.isEmpty()) {
      // It may be about to point to one of these.
      table.versions().stream()
          .filter(version -> version > current)
          .forEach(version -> named.add(qualified(table.manifestPath(version))));
    }
    for (FileStatus status : found) {
      if (!named.contains(status.getPath()) && !isOfLiving(status.getPath())) {
        garbage.add(status);
      }
    }
    folders.removeIf(this::isOfLiving);
  }

  /**
   * Whether a living run may need it: all in the folders of its date, every projector, every half
   * of a file, every claim of a number; and every folder that is not of one date, since it may be
   * about to write there.
   */
  private boolean isOfLiving(Path path) {
    if (living.isEmpty()) {
      return false;
    }
    String name = path.getName();
    if (HALF.matcher(name).matches()
        || VersionNumbers.CLAIMED.matcher(name).matches()
        || ProjectorFile.NAME.matcher(name).matches()
        || SIGNALS.matcher(name).matches()
        || BESIDE.matcher(name).matches()) {
      return true;
    }
    for (Path at = path; at != null && !at.equals(table.root()); at = at.getParent()) {
      if (living.contains(at.getName())) {
        return true;
      }
    }
    return false;
  }

  /** Without a committed version, a folder may be anybody's, partitioned by a column v. */
  private void requireOurs() {
    for (FileStatus status : garbage) {
      String name = status.getPath().getName();
      if (!PART.matcher(name).matches()
          && !MANIFEST.matcher(name).matches()
          && !VersionNumbers.CLAIMED.matcher(name).matches()
          && !ProjectorFile.NAME.matcher(name).matches()
          && !HALF.matcher(name).matches()) {
        throw Errors.badInput(
            ("There is no signal table at '%s': nothing was committed to it, and '%s' is not what"
                    + " Lakestill writes; correct its path.")
                .formatted(table.root(), status.getPath()));
      }
    }
  }

  private Path qualified(Path path) {
    return files.makeQualified(path);
  }

  private FileStatus[] list(Path folder) throws IOException {
    try {
      return files.listStatus(folder);
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    }
  }

  /** The versions that stay, oldest first. */
  public List<Integer> keptVersions() {
    return keptVersions;
  }

  /** What can go. */
  public List<Path> paths() {
    return garbage.stream().map(FileStatus::getPath).toList();
  }

  /** Its size. */
  public long bytes() {
    return garbage.stream().mapToLong(FileStatus::getLen).sum();
  }

  /**
   * Deletes it: manifests first, so that no version is found whose files are gone, then files, then
   * folders that are empty. A projector, whose name is that of its bytes, stays when a run may have
   * made it anew since it was found.
   *
   * @throws UncheckedIOException when a file cannot be deleted; deleting again goes on from there
   */
  public void delete() {
    try {
      boolean begun = !leases.get().isEmpty();
      garbage.removeIf(status -> isProjector(status) && (begun || isMadeAnew(status)));
      // Claims last: beside its claim a manifest never passes for a version.
      garbage.sort(Comparator.comparing(Garbage::isClaim));
      for (FileStatus status : garbage) {
        files.delete(status.getPath(), false);
      }
      for (Path folder : folders) {
        if (list(folder).length == 0) {
          // Recursive, since Hadoop does not show the checksums of files that were never closed.
          files.delete(folder, true);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot delete from '" + table.root() + "'", e);
    }
  }

  private static boolean isClaim(FileStatus status) {
    return VersionNumbers.CLAIMED.matcher(status.getPath().getName()).matches();
  }

  private static boolean isProjector(FileStatus status) {
    return ProjectorFile.NAME.matcher(status.getPath().getName()).matches();
  }

  private boolean isMadeAnew(FileStatus found) {
    try {
      FileStatus now = files.getFileStatus(found.getPath());
      return now.getModificationTime() != found.getModificationTime();
    } catch (FileNotFoundException e) {
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read '" + found.getPath() + "'", e);
    }
  }
}
