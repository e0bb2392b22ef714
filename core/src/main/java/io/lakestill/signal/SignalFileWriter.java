package io.lakestill.signal;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Writes what one task has to say about its rows: a file of signals and, only when there is
 * something to put in it, a file of quarantined rows. Both begin with their first row, so a task
 * without rows writes nothing. The names must be unique per task attempt; a file counts only once a
 * manifest names it.
 */
public final class SignalFileWriter implements AutoCloseable {
  private static final String FORMAT = "lakestill.signal-format";
  private static final String TEACHER_ID = "lakestill.teacher-id";
  private static final String TEACHER_SHA256 = "lakestill.teacher-sha256";

  /**
   * What the files of a version have in common.
   *
   * @param schema the columns
   * @param teacherId the teacher, a column and part of the footer
   * @param teacherSha256 its SHA-256 in the manifest, part of the footer
   */
  public record Contents(SignalSchema schema, String teacherId, String teacherSha256) {

    Map<String, String> footer() {
      // In an order of its own: that of Map.of differs between JVMs, and so would the bytes.
      return new TreeMap<>(
          Map.of(
              FORMAT, Integer.toString(SignalManifest.LAST_WITHOUT_STORE),
              TEACHER_ID, teacherId,
              TEACHER_SHA256, teacherSha256));
    }

    /**
     * Keys, hashes and floats of a model hardly ever repeat: a dictionary of them would be built
     * and thrown away.
     */
    List<String> plainColumns() {
      Stream<String> own =
          Stream.of(
              SignalSchema.SAMPLE_ID,
              SignalSchema.CONTENT_HASH,
              SignalSchema.TEACHER_CONTENT_HASH,
              SignalSchema.ENTROPY,
              SignalSchema.MARGIN);
      Stream<String> said =
          schema.signals().stream()
              .flatMap(signal -> signal.codec().leaves(signal.name()).stream());
      return Stream.concat(own, said).toList();
    }
  }

  private final Contents contents;
  private final Path signalPath;
  private final Path quarantinePath;
  private final Configuration configuration;
  private HashedParquetFile<SignalRow> signals;
  private HashedParquetFile<QuarantineRow> quarantine;

  /**
   * @param signalPath where signals go; must not exist
   * @param quarantinePath where quarantined rows go; must not exist
   */
  public SignalFileWriter(
      Contents contents, Path signalPath, Path quarantinePath, Configuration configuration) {
    this.contents = contents;
    this.signalPath = signalPath;
    this.quarantinePath = quarantinePath;
    this.configuration = configuration;
  }

  public void write(SignalRow row) throws IOException {
    if (signals == null) {
      signals =
          new HashedParquetFile<>(
              signalPath,
              configuration,
              new SignalWriteSupport(contents.schema(), contents.teacherId(), contents.footer()),
              contents.plainColumns());
    }
    signals.write(row);
  }

  public void quarantine(QuarantineRow row) throws IOException {
    if (quarantine == null) {
      quarantine =
          new HashedParquetFile<>(
              quarantinePath, configuration, new QuarantineWriteSupport(), List.of());
    }
    quarantine.write(row);
  }

  /** Ends the file of signals; empty when no row was written. */
  public Optional<SignalFile> finishSignals() throws IOException {
    HashedParquetFile<SignalRow> file = signals;
    signals = null;
    return file == null ? Optional.empty() : Optional.of(file.finish());
  }

  /** Ends the file of quarantined rows; empty when there was none. */
  public Optional<SignalFile> finishQuarantine() throws IOException {
    HashedParquetFile<QuarantineRow> file = quarantine;
    quarantine = null;
    return file == null ? Optional.empty() : Optional.of(file.finish());
  }

  /** Removes what was finished: nobody wants it any more. */
  public void remove() throws IOException {
    for (Path path : List.of(signalPath, quarantinePath)) {
      path.getFileSystem(configuration).delete(path, false);
    }
  }

  /** Removes what was begun and not finished. */
  @Override
  public void close() throws IOException {
    try {
      if (signals != null) {
        signals.abandon();
      }
    } finally {
      if (quarantine != null) {
        quarantine.abandon();
      }
    }
  }
}
