package io.lakestill.export;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.io.Sha256;
import io.lakestill.io.StoredFile;
import io.lakestill.student.Parameters;
import io.lakestill.teacher.OnnxFile;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * An exported model in a folder on any Hadoop file system: {@code <role>.onnx}, {@code
 * parameters.safetensors}, further files, and {@code bundle.json}, which lists and hashes them.
 *
 * @param folder where it is
 * @param configuration the Hadoop configuration that knows its file system
 * @param manifest what it says of itself
 */
public record Bundle(Path folder, Configuration configuration, BundleManifest manifest) {
  public static final String MANIFEST = "bundle.json";
  public static final String PARAMETERS = "parameters.safetensors";

  /**
   * Writes a bundle in place of the one in {@code folder}, if any. Whatever dies in between, {@link
   * #open} finds the old bundle or the new one, whole.
   *
   * @param draft its manifest; the files it lists are replaced by those given
   * @param files every file but the manifest by name, the model among them
   * @throws LakestillException (exit 3) when the folder holds files of somebody else
   */
  public static Bundle write(
      Path folder, Configuration configuration, BundleManifest draft, Map<String, byte[]> files) {
    return new BundleWriter(folder, configuration).write(draft, files);
  }

  /**
   * Opens a bundle and checks the size and SHA-256 of every file. The folder of a {@link Model}
   * stands for the bundle of its current version.
   *
   * @throws LakestillException (exit 3) when there is none, or naming the file that is damaged
   */
  public static Bundle open(Path folder, Configuration configuration) {
    Model model = new Model(folder, configuration);
    return find(folder, configuration)
        .or(() -> model.current().flatMap(now -> find(model.bundle(now), configuration)))
        .orElseThrow(
            () ->
                Errors.badInput(
                    "There is no bundle in '%s' (no %s); name the folder of an exported model."
                        .formatted(folder, MANIFEST)));
  }

  /**
   * The bundle in a folder, checked as by {@link #open}, or empty when there is none. A bundle that
   * a killed writer had set aside counts.
   */
  public static Optional<Bundle> find(Path folder, Configuration configuration) {
    try {
      Optional<Bundle> found = at(folder, configuration);
      return found.isPresent() ? found : at(BundleWriter.aside(folder), configuration);
    } catch (LakestillException damaged) {
      // On object stores a rename is many copies, and a kill leaves a part of them.
      Optional<Bundle> aside = soundAt(BundleWriter.aside(folder), configuration);
      if (aside.isPresent()) {
        return aside;
      }
      throw damaged;
    }
  }

  /** The bundle at exactly this place, or empty when there is none or it is damaged. */
  static Optional<Bundle> soundAt(Path folder, Configuration configuration) {
    try {
      return at(folder, configuration);
    } catch (LakestillException damaged) {
      return Optional.empty();
    }
  }

  private static Optional<Bundle> at(Path folder, Configuration configuration) {
    Optional<Bundle> bundle = unread(folder, configuration);
    bundle.ifPresent(found -> found.manifest().files().forEach(found::bytes));
    return bundle;
  }

  /** The bundle at exactly this place, of which nothing but the manifest has been read. */
  public static Optional<Bundle> unread(Path folder, Configuration configuration) {
    Path path = new Path(folder, MANIFEST);
    return new StoredFile(path, configuration)
        .text()
        .map(text -> BundleManifest.fromJson(Json.parse(text, path.toString()), path.toString()))
        .map(manifest -> new Bundle(folder, configuration, manifest));
  }

  /** The model file, checked. */
  public OnnxFile onnx() {
    String name = manifest.role().modelFile();
    return OnnxFile.of(bytes(name), new Path(folder, name).toString());
  }

  /** The parameters as trained, checked. */
  public Parameters parameters() {
    return Parameters.fromSafeTensors(
        manifest.graph(), bytes(PARAMETERS), new Path(folder, PARAMETERS).toString());
  }

  /**
   * The bytes of one of its files, checked.
   *
   * @throws LakestillException (exit 3) when the file is missing or damaged, or the manifest does
   *     not list it
   */
  public byte[] bytes(String name) {
    return manifest.files().stream()
        .filter(file -> file.name().equals(name))
        .findFirst()
        .map(this::bytes)
        .orElseThrow(
            () ->
                Errors.badInput(
                    "Bundle '%s' has no file '%s'; export the model again."
                        .formatted(folder, name)));
  }

  private byte[] bytes(BundleFile file) {
    Path path = new Path(folder, file.name());
    byte[] bytes =
        new StoredFile(path, configuration)
            .bytes()
            .orElseThrow(
                () ->
                    Errors.badInput(
                        "Bundle file '%s' is missing; restore it or export the model again."
                            .formatted(path)));
    if (bytes.length != file.bytes() || !Sha256.of(bytes).equals(file.sha256())) {
      throw Errors.badInput(
          ("Bundle file '%s' is damaged: %d bytes with SHA-256 %s, its manifest says %d and %s;"
                  + " restore it or export the model again.")
              .formatted(path, bytes.length, Sha256.of(bytes), file.bytes(), file.sha256()));
    }
    return bytes;
  }
}
