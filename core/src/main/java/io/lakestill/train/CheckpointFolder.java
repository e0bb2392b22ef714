package io.lakestill.train;

import io.lakestill.error.Errors;
import io.lakestill.io.Json;
import io.lakestill.io.Sha256;
import io.lakestill.io.StoredFile;
import io.lakestill.student.Parameters;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A checkpoint on any Hadoop file system: {@code checkpoint.json} and the parameters it names.
 *
 * <p>A new checkpoint's parameters get a file of their own, named by their hash; then the manifest
 * is replaced atomically, last; then older parameters are deleted. So a run killed at any moment
 * leaves the old checkpoint or the new one.
 *
 * @param path the folder
 * @param configuration the Hadoop configuration that knows its file system
 */
public record CheckpointFolder(Path path, Configuration configuration) {
  private static final String PREFIX = "parameters-";
  private static final String SUFFIX = ".safetensors";

  private StoredFile manifestFile() {
    return new StoredFile(new Path(path, "checkpoint.json"), configuration);
  }

  private StoredFile file(String name) {
    return new StoredFile(new Path(path, name), configuration);
  }

  /**
   * The checkpoint's manifest; empty when there is none.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when it is damaged
   */
  public Optional<CheckpointManifest> manifest() {
    String origin = manifestFile().path().toString();
    return manifestFile()
        .text()
        .map(text -> CheckpointManifest.fromJson(Json.parse(text, origin), origin));
  }

  /**
   * The checkpoint's manifest.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is none or it is damaged
   */
  public CheckpointManifest required() {
    return manifest()
        .orElseThrow(
            () ->
                Errors.badInput(
                    "There is no checkpoint in '" + path + "'; run train with this recipe first."));
  }

  /**
   * The numbers a manifest of this folder names.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when the file is missing or is not what
   *     the manifest says
   */
  public Parameters parameters(CheckpointManifest manifest) {
    StoredFile file = file(manifest.parameters().file());
    byte[] bytes =
        file.bytes()
            .orElseThrow(
                () ->
                    Errors.badInput(
                        "'%s' is missing, which '%s' names; restore it or train again."
                            .formatted(file.path(), manifestFile().path())));
    if (!Sha256.of(bytes).equals(manifest.parameters().sha256())) {
      throw Errors.badInput(
          "'%s' is damaged: its SHA-256 is not the one in '%s'; restore it or train again."
              .formatted(file.path(), manifestFile().path()));
    }
    return Parameters.fromSafeTensors(manifest.graph(), bytes, file.path().toString());
  }

  /** Stores parameters beside the current ones; no reader sees them before {@link #commit}. */
  public CheckpointManifest.ParameterFile store(Parameters parameters) {
    byte[] bytes = parameters.toSafeTensors();
    String sha256 = Sha256.of(bytes);
    String name = PREFIX + sha256.substring(0, 16) + SUFFIX;
    try {
      manifestFile().fileSystem().mkdirs(path);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot make '" + path + "'", e);
    }
    file(name).replace(bytes);
    return new CheckpointManifest.ParameterFile(name, bytes.length, sha256);
  }

  /** Makes a manifest, whose parameters were stored, the current one. */
  public void commit(CheckpointManifest manifest) {
    manifestFile().replace(Json.pretty(manifest.toJson()));
    deleteOthers(manifest.parameters().file());
  }

  private void deleteOthers(String kept) {
    try {
      FileSystem files = manifestFile().fileSystem();
      for (FileStatus status : files.listStatus(path)) {
        String name = status.getPath().getName();
        if (name.startsWith(PREFIX) && name.endsWith(SUFFIX) && !name.equals(kept)) {
          files.delete(status.getPath(), false);
        }
      }
    } catch (FileNotFoundException e) {
      throw new IllegalStateException("'" + path + "' was deleted while it was written", e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot tidy up '" + path + "'", e);
    }
  }
}
