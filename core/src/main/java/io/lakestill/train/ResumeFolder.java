package io.lakestill.train;

import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.io.StoredFile;
import io.lakestill.train.CheckpointManifest.ParameterFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest states of a training that is not done, on any Hadoop file system: manifests named by
 * their step, {@code step-0000000120.json}, and the files they name. A manifest is written last, so
 * whatever dies in between, those that are there can be gone on from.
 *
 * @param files the folder
 */
public record ResumeFolder(CheckpointFolder files) {
  private static final Logger LOG = LoggerFactory.getLogger(ResumeFolder.class);
  private static final String PREFIX = "step-";
  private static final String SUFFIX = ".json";

  /** That of a training's checkpoint folder. */
  public static ResumeFolder in(CheckpointFolder checkpoint) {
    return new ResumeFolder(
        new CheckpointFolder(new Path(checkpoint.path(), "resume"), checkpoint.configuration()));
  }

  /**
   * Writes a manifest whose files were stored, and deletes what is older than the newest few.
   *
   * @param keep how many stay
   */
  public Path commit(ResumeManifest manifest, int keep) {
    StoredFile file = file(name(manifest.position().step()));
    file.replace(Json.pretty(manifest.toJson()));
    tidy(keep);
    return file.path();
  }

  private static String name(int step) {
    return String.format(Locale.ROOT, "%s%010d%s", PREFIX, step, SUFFIX);
  }

  /** Deletes the manifests of later steps, which are damaged or of another training. */
  public void forgetAfter(int step) {
    try {
      for (String later : manifests()) {
        if (later.compareTo(name(step)) > 0) {
          file(later).fileSystem().delete(file(later).path(), false);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot tidy up '" + files.path() + "'", e);
    }
  }

  private StoredFile file(String name) {
    return new StoredFile(new Path(files.path(), name), files.configuration());
  }

  /**
   * The newest state of a training that is whole; what is damaged is passed over with a warning.
   *
   * @param fingerprint of the training
   */
  public Optional<ResumeManifest> newest(String fingerprint) {
    for (String name : manifests()) {
      try {
        ResumeManifest manifest = read(name);
        if (manifest.fingerprint().equals(fingerprint)) {
          requireSound(manifest);
          return Optional.of(manifest);
        }
      } catch (LakestillException | UncheckedIOException e) {
        LOG.warn("event=checkpoint-skipped file={} reason=\"{}\"", name, e.getMessage());
      }
    }
    return Optional.empty();
  }

  private ResumeManifest read(String name) {
    StoredFile file = file(name);
    String origin = file.path().toString();
    return ResumeManifest.fromJson(Json.parse(file.text().orElse(""), origin), origin);
  }

  private void requireSound(ResumeManifest manifest) {
    files.tensors(manifest.state());
    files.memory(manifest.memory());
  }

  /** The names of all manifests, the newest first. */
  private List<String> manifests() {
    return list().stream()
        .map(status -> status.getPath().getName())
        .filter(name -> name.startsWith(PREFIX) && name.endsWith(SUFFIX))
        .sorted(Comparator.reverseOrder())
        .toList();
  }

  private List<FileStatus> list() {
    try {
      return List.of(files.path().getFileSystem(files.configuration()).listStatus(files.path()));
    } catch (FileNotFoundException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list '" + files.path() + "'", e);
    }
  }

  private void tidy(int keep) {
    Set<String> kept = new HashSet<>();
    List<String> names = new ArrayList<>(manifests());
    for (String name : names.subList(0, Math.min(keep, names.size()))) {
      kept.add(name);
      try {
        ResumeManifest manifest = read(name);
        Stream.concat(Stream.of(manifest.state()), manifest.memory().stream())
            .map(ParameterFile::file)
            .forEach(kept::add);
      } catch (LakestillException damaged) {
        // Its files go with the next one that pushes it out; who goes on from here passes it over.
        LOG.warn("event=checkpoint-damaged file={} reason=\"{}\"", name, damaged.getMessage());
      }
    }
    try {
      FileSystem system = files.path().getFileSystem(files.configuration());
      for (FileStatus status : list()) {
        if (!kept.contains(status.getPath().getName())) {
          system.delete(status.getPath(), false);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot tidy up '" + files.path() + "'", e);
    }
  }

  /** Deletes everything, when the training is done. */
  public void delete() {
    try {
      files.path().getFileSystem(files.configuration()).delete(files.path(), true);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot delete '" + files.path() + "'", e);
    }
  }
}
