package io.lakestill.signal.projection;

import io.lakestill.error.Errors;
import io.lakestill.io.Sha256;
import io.lakestill.io.StoredFile;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A projector of a signal table, in a file that is named by its bytes.
 *
 * @param folder where it lies, the table's {@code _lakestill}
 * @param sha256 of its bytes
 * @param configuration the Hadoop configuration that knows its file system
 */
public record ProjectorFile(Path folder, String sha256, Configuration configuration) {
  /** What such files are called. */
  public static final Pattern NAME = Pattern.compile("projector-[0-9a-f]{64}\\.safetensors");

  /** Writes a projector down; the same projector is the same file. */
  public static ProjectorFile write(Projector projector, Path folder, Configuration configuration) {
    byte[] bytes = projector.toSafeTensors();
    ProjectorFile file = new ProjectorFile(folder, Sha256.of(bytes), configuration);
    file.stored().replace(bytes);
    return file;
  }

  public Path path() {
    return new Path(folder, "projector-" + sha256 + ".safetensors");
  }

  private StoredFile stored() {
    return new StoredFile(path(), configuration);
  }

  /** What is wrong with it, for a person; empty when nothing is. */
  public Optional<String> fault() {
    return fault(stored().bytes());
  }

  private Optional<String> fault(Optional<byte[]> bytes) {
    if (bytes.isEmpty()) {
      return Optional.of("is missing");
    }
    String found = Sha256.of(bytes.get());
    return found.equals(sha256)
        ? Optional.empty()
        : Optional.of("is damaged: its SHA-256 is " + found);
  }

  /** A message about a fault, with what to do. */
  public String refusal(String fault) {
    return "Projector '%s' %s; restore it, or teach again.".formatted(path(), fault);
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when the file is missing or has other
   *     bytes than its name says
   */
  public void requireSound() {
    requireSound(stored().bytes());
  }

  private void requireSound(Optional<byte[]> bytes) {
    fault(bytes)
        .ifPresent(
            fault -> {
              throw Errors.badInput(refusal(fault));
            });
  }

  /**
   * The projector.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) as {@link #requireSound()}
   */
  public Projector read() {
    Optional<byte[]> bytes = stored().bytes();
    requireSound(bytes);
    return Projector.fromSafeTensors(bytes.orElseThrow(), path().toString());
  }
}
