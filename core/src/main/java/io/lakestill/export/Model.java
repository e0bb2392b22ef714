package io.lakestill.export;

import io.lakestill.error.Errors;
import io.lakestill.export.BundleProvenance.SignalTableVersion;
import io.lakestill.io.Json;
import io.lakestill.io.StoredFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The students of one name in a catalogue, on any Hadoop file system:
 *
 * <pre>
 * v=3/                            a bundle that is never changed again
 * _lakestill/version-3.json       how it came here; written after the bundle
 * _lakestill/scorecard-v3.json    and further files about it
 * _lakestill/CURRENT              the version that serves, replaced atomically, last
 * _lakestill/lease                the run that promotes just now
 * </pre>
 *
 * A version exists when its {@code version-<n>.json} does. So a run that dies leaves rubbish, which
 * the next one overwrites, and changes nothing.
 *
 * @param folder where they are
 * @param configuration the Hadoop configuration that knows its file system
 */
public record Model(Path folder, Configuration configuration) {
  static final String METADATA = "_lakestill";

  private static final Pattern VERSION = Pattern.compile("version-([1-9][0-9]{0,8})\\.json");
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,8}");

  public String name() {
    return folder.getName();
  }

  /** The file by which one run at a time may promote. */
  public Path lease() {
    return new Path(folder, METADATA + "/lease");
  }

  /** Where the bundle of a version is. */
  public Path bundle(int version) {
    return new Path(folder, "v=" + version);
  }

  private StoredFile file(String name) {
    return new StoredFile(new Path(folder, METADATA + "/" + name), configuration);
  }

  private StoredFile pointer() {
    return file("CURRENT");
  }

  /** The versions there are, oldest first. */
  public List<Integer> versions() {
    List<Integer> versions = new ArrayList<>();
    Path metadata = new Path(folder, METADATA);
    try {
      for (FileStatus status : metadata.getFileSystem(configuration).listStatus(metadata)) {
        Matcher matcher = VERSION.matcher(status.getPath().getName());
        if (matcher.matches()) {
          versions.add(Integer.parseInt(matcher.group(1)));
        }
      }
    } catch (FileNotFoundException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list '" + metadata + "'", e);
    }
    return versions.stream().sorted().toList();
  }

  /**
   * How a version came here.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is none or it is damaged
   */
  public ModelVersion version(int version) {
    StoredFile file = file("version-" + version + ".json");
    String origin = file.path().toString();
    return file.text()
        .map(text -> ModelVersion.fromJson(Json.parse(text, origin), origin))
        .orElseThrow(
            () ->
                Errors.badInput(
                    "Model '%s' has no version %d; versions here: %s."
                        .formatted(folder, version, versions())));
  }

  /**
   * The versions of signal tables that any of its students learned from.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when a version has no bundle
   */
  public List<SignalTableVersion> learnedFrom() {
    return versions().stream()
        .map(version -> unread(version).manifest().provenance())
        .flatMap(provenance -> provenance.signalTables().stream())
        .distinct()
        .toList();
  }

  /**
   * The bundle of a version, of which nothing but the manifest has been read.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is none
   */
  public Bundle unread(int version) {
    return Bundle.unread(bundle(version), configuration)
        .orElseThrow(
            () ->
                Errors.badInput(
                    ("Version %d of model '%s' has no bundle in '%s'; restore it, or remove"
                            + " version-%d.json beside CURRENT, too.")
                        .formatted(version, folder, bundle(version), version)));
  }

  /**
   * The version that serves; empty when nothing was ever promoted.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when the pointer is damaged
   */
  public Optional<Integer> current() {
    Optional<String> text = pointer().text().map(String::strip);
    text.filter(number -> !NUMBER.matcher(number).matches())
        .ifPresent(
            number -> {
              throw Errors.badInput(
                  "'%s' must hold the number of a version, holds '%s'; write one of %s into it."
                      .formatted(pointer().path(), number, versions()));
            });
    return text.map(Integer::parseInt);
  }

  /**
   * Adds a version: the bundle first, then what is said about it. It does not serve yet. One run at
   * a time, which has the lease.
   *
   * @param bundle what it is a copy of
   * @param about {@link ModelVersion#version} is one above {@link #versions}
   * @param further files about it by the part of their names before and after {@code -v<n>}, such
   *     as {@code scorecard.json}
   */
  public void add(Bundle bundle, ModelVersion about, Map<String, String> further) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    bundle
        .manifest()
        .files()
        .forEach(listed -> files.put(listed.name(), bundle.bytes(listed.name())));
    Bundle.write(bundle(about.version()), configuration, bundle.manifest(), files);
    further.forEach(
        (name, text) -> file(name.replace(".", "-v" + about.version() + ".")).replace(text));
    file("version-" + about.version() + ".json").replace(Json.pretty(about.toJson()));
  }

  /** From here on users take this version. */
  public void pointTo(int version) {
    pointer().replace(version + "\n");
  }
}
