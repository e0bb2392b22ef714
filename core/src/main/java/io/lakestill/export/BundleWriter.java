package io.lakestill.export;

import io.lakestill.error.Errors;
import io.lakestill.io.Json;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Replaces a bundle. The new one is written to a private folder beside, its manifest last, and read
 * back. Then the old one is renamed aside, the new one into place, and the old one deleted. A kill
 * between the renames leaves the old one aside, whole, where readers find it and the next writer
 * puts it back.
 *
 * <p>One writer at a time: the run's lock sees to it.
 */
final class BundleWriter {
  private final Path folder;
  private final Configuration configuration;

  BundleWriter(Path folder, Configuration configuration) {
    this.folder = plain(folder);
    this.configuration = configuration;
  }

  /** Where the old bundle waits while the new one is moved into place. */
  static Path aside(Path folder) {
    return new Path(plain(folder).getParent(), "." + plain(folder).getName() + ".old");
  }

  /** Without the slash at the end that a path made from a URI may have, and then has no name. */
  private static Path plain(Path folder) {
    return new Path(folder.toString());
  }

  private String stagingPrefix() {
    return "." + folder.getName() + ".new-";
  }

  Bundle write(BundleManifest draft, Map<String, byte[]> files) {
    if (!files.containsKey(draft.role().modelFile())) {
      throw new IllegalArgumentException(
          "a bundle needs its model, '%s', has %s"
              .formatted(draft.role().modelFile(), files.keySet()));
    }
    List<BundleFile> listed =
        new TreeMap<>(files)
            .entrySet().stream().map(e -> BundleFile.of(e.getKey(), e.getValue())).toList();
    try {
      FileSystem system = folder.getFileSystem(configuration);
      refuseForeignFiles(system, files.keySet());
      recover(system);
      Path staging = new Path(folder.getParent(), stagingPrefix() + UUID.randomUUID());
      for (BundleFile file : listed) {
        create(system, new Path(staging, file.name()), files.get(file.name()));
      }
      String manifest = Json.pretty(draft.withFiles(listed).toJson());
      create(system, new Path(staging, Bundle.MANIFEST), manifest.getBytes(StandardCharsets.UTF_8));
      Bundle.open(staging, configuration);
      replaceBy(system, staging);
      return Bundle.open(folder, configuration);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write the bundle '" + folder + "'", e);
    }
  }

  /** Puts right what a killed writer left: the sound bundle in place, nothing beside it. */
  private void recover(FileSystem system) throws IOException {
    Path aside = aside(folder);
    if (system.exists(aside)) {
      boolean placed = Bundle.soundAt(folder, configuration).isPresent();
      if (!placed && Bundle.soundAt(aside, configuration).isPresent()) {
        system.delete(folder, true);
        rename(system, aside, folder);
      } else {
        system.delete(aside, true);
      }
    }
    for (FileStatus status : list(system, folder.getParent())) {
      if (status.getPath().getName().startsWith(stagingPrefix())) {
        system.delete(status.getPath(), true);
      }
    }
  }

  /** Whatever is in the folder that neither the old bundle nor the new one names would be lost. */
  private void refuseForeignFiles(FileSystem system, Set<String> names) throws IOException {
    Set<String> foreign = new TreeSet<>();
    for (FileStatus status : list(system, folder)) {
      foreign.add(status.getPath().getName());
    }
    foreign.removeAll(names);
    foreign.remove(Bundle.MANIFEST);
    for (Path place : List.of(folder, aside(folder))) {
      Bundle.soundAt(place, configuration)
          .ifPresent(old -> old.manifest().files().forEach(file -> foreign.remove(file.name())));
    }
    if (!foreign.isEmpty()) {
      throw Errors.badInput(
          ("Folder '%s' holds files that are no part of a bundle (%s); move them or export to"
                  + " another folder.")
              .formatted(folder, String.join(", ", foreign)));
    }
  }

  private void replaceBy(FileSystem system, Path staging) throws IOException {
    if (system.exists(folder)) {
      rename(system, folder, aside(folder));
    }
    rename(system, staging, folder);
    system.delete(aside(folder), true);
  }

  /** The target does not exist: this writer has just made sure, and it is alone. */
  private static void rename(FileSystem system, Path from, Path to) throws IOException {
    if (!system.rename(from, to)) {
      throw new IOException("Cannot rename '" + from + "' to '" + to + "'");
    }
  }

  private static void create(FileSystem system, Path path, byte[] bytes) throws IOException {
    try (FSDataOutputStream out = system.create(path, false)) {
      out.write(bytes);
      out.hsync();
    }
  }

  private static FileStatus[] list(FileSystem system, Path path) throws IOException {
    try {
      return system.listStatus(path);
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    }
  }
}
