package io.lakestill.train;

import io.lakestill.error.Errors;
import io.lakestill.io.FloatTensor;
import io.lakestill.io.Json;
import io.lakestill.io.SafeTensors;
import io.lakestill.io.Sha256;
import io.lakestill.io.StoredFile;
import io.lakestill.objective.State;
import io.lakestill.student.Parameters;
import io.lakestill.train.CheckpointManifest.ParameterFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A checkpoint on any Hadoop file system: {@code checkpoint.json} and the files it names, the
 * student's parameters and, if the loss has them, its heads and its memory.
 *
 * <p>A new checkpoint's files are new ones, named by their hash; then the manifest is replaced
 * atomically, last; then older files are deleted. So a run killed at any moment leaves the old
 * checkpoint or the new one.
 *
 * @param path the folder
 * @param configuration the Hadoop configuration that knows its file system
 */
public record CheckpointFolder(Path path, Configuration configuration) {
  private static final String PARAMETERS = "parameters-";
  private static final String HEADS = "heads-";
  private static final String MEMORY = "memory-";
  private static final String STATE = "state-";
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
    byte[] bytes = bytes(manifest.parameters());
    return Parameters.fromSafeTensors(
        manifest.graph(), bytes, file(manifest.parameters().file()).path().toString());
  }

  /**
   * The heads of the loss by name; empty when the training had none.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when the file is missing or is not what
   *     the manifest says
   */
  public Map<String, FloatTensor> heads(CheckpointManifest manifest) {
    return manifest
        .heads()
        .map(named -> SafeTensors.read(bytes(named), file(named.file()).path().toString()))
        .orElse(Map.of());
  }

  /**
   * What the loss remembered when the training ended, each worker's under its number.
   *
   * @param files those of a manifest of this folder
   * @throws io.lakestill.error.LakestillException (exit 3) when a file is missing or is not what
   *     the manifest says
   */
  public State memory(List<ParameterFile> files) {
    State all = new State();
    for (ParameterFile named : files) {
      States.put(all, States.fromSafeTensors(bytes(named), file(named.file()).path().toString()));
    }
    return all;
  }

  /**
   * Reads what an export needs. Heads and memory are for going on with a training only, which finds
   * out itself whether it has them.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when the parameters are missing or are
   *     not what the manifest says
   */
  public void requireSound(CheckpointManifest manifest) {
    parameters(manifest);
  }

  private byte[] bytes(ParameterFile named) {
    StoredFile file = file(named.file());
    byte[] bytes =
        file.bytes()
            .orElseThrow(
                () ->
                    Errors.badInput(
                        "'%s' is missing, which '%s' names; restore it or train again."
                            .formatted(file.path(), manifestFile().path())));
    if (!Sha256.of(bytes).equals(named.sha256())) {
      throw Errors.badInput(
          "'%s' is damaged: its SHA-256 is not the one in '%s'; restore it or train again."
              .formatted(file.path(), manifestFile().path()));
    }
    return bytes;
  }

  /**
   * The arrays of a file of this folder by name.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when the file is missing or is not what
   *     its name stands for
   */
  public Map<String, FloatTensor> tensors(ParameterFile named) {
    return SafeTensors.read(bytes(named), file(named.file()).path().toString());
  }

  /** Stores the state of a training that goes on. */
  public ParameterFile storeState(Map<String, FloatTensor> state) {
    return store(STATE, SafeTensors.write(state));
  }

  /** Stores parameters beside the current ones; no reader sees them before {@link #commit}. */
  public ParameterFile store(Parameters parameters) {
    return store(PARAMETERS, parameters.toSafeTensors());
  }

  /** Stores heads, if there are any, likewise. */
  public Optional<ParameterFile> storeHeads(Map<String, FloatTensor> heads) {
    return heads.isEmpty() ? Optional.empty() : Optional.of(store(HEADS, SafeTensors.write(heads)));
  }

  /**
   * Stores what one worker remembers, if that is anything, likewise.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) when it passes 2 GiB
   */
  public Optional<ParameterFile> storeMemory(int worker, State memory) {
    if (!States.hasTensors(memory)) {
      return Optional.empty();
    }
    State numbered = new State();
    States.put(numbered.part(String.valueOf(worker)), memory);
    return Optional.of(store(MEMORY + worker + "-", States.toSafeTensors(numbered)));
  }

  private ParameterFile store(String prefix, byte[] bytes) {
    String sha256 = Sha256.of(bytes);
    String name = prefix + sha256.substring(0, 16) + SUFFIX;
    try {
      manifestFile().fileSystem().mkdirs(path);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot make '" + path + "'", e);
    }
    file(name).replace(bytes);
    return new ParameterFile(name, bytes.length, sha256);
  }

  /** Makes a manifest, whose files were stored, the current one. */
  public void commit(CheckpointManifest manifest) {
    manifestFile().replace(Json.pretty(manifest.toJson()));
    Set<String> kept = new HashSet<>();
    kept.add(manifest.parameters().file());
    manifest.heads().ifPresent(file -> kept.add(file.file()));
    manifest.memory().forEach(file -> kept.add(file.file()));
    deleteOthers(kept);
  }

  private static boolean isOurs(String name) {
    return name.endsWith(SUFFIX)
        && Stream.of(PARAMETERS, HEADS, MEMORY).anyMatch(prefix -> name.startsWith(prefix));
  }

  private void deleteOthers(Set<String> kept) {
    try {
      FileSystem files = manifestFile().fileSystem();
      for (FileStatus status : files.listStatus(path)) {
        String name = status.getPath().getName();
        if (isOurs(name) && !kept.contains(name)) {
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
