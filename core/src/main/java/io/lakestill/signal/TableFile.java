package io.lakestill.signal;

import io.lakestill.io.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * A file of a version of a signal table, and whether it is what its manifest says.
 *
 * @param path where it is
 * @param expected what the manifest says of it
 * @param content what it holds
 */
public record TableFile(Path path, SignalFile expected, Content content) {
  /** Where it lies. */
  public Path folder() {
    return path.getParent();
  }

  /** The message about a fault: the file, what is wrong and what to do. */
  public String refusal(String fault) {
    return "Signal file '%s' %s; restore it from a copy, or remove it and run teach again."
        .formatted(path, fault);
  }

  /**
   * @param bytes the size it has; empty when it is missing
   * @return what is wrong, to follow the file's name; empty when nothing is
   */
  Optional<String> sizeFault(Optional<Long> bytes) {
    if (bytes.isEmpty()) {
      return Optional.of("is missing, its manifest says %d bytes".formatted(expected.bytes()));
    }
    return bytes.get() == expected.bytes()
        ? Optional.empty()
        : Optional.of(
            "has %d bytes, its manifest says %d bytes".formatted(bytes.get(), expected.bytes()));
  }

  /**
   * Reads the file's footer and compares its size, rows and columns with the manifest.
   *
   * @return what is wrong, to follow the file's name; empty when nothing is
   */
  public Optional<String> footerFault(SignalManifest manifest, Configuration configuration) {
    Optional<String> size = sizeFault(size(configuration));
    return size.isPresent() ? size : footer(manifest, configuration);
  }

  /**
   * Reads every byte of the file and compares its size, SHA-256, rows and columns with the
   * manifest.
   *
   * @return what is wrong, to follow the file's name; empty when nothing is
   */
  public Optional<String> fault(SignalManifest manifest, Configuration configuration) {
    Optional<String> size = sizeFault(size(configuration));
    if (size.isPresent()) {
      return size;
    }
    String sha256 = sha256(configuration);
    return sha256.equals(expected.sha256())
        ? footer(manifest, configuration)
        : Optional.of(
            "has other bytes than were written: SHA-256 %s, its manifest says %s"
                .formatted(sha256, expected.sha256()));
  }

  private Optional<Long> size(Configuration configuration) {
    try {
      return Optional.of(path.getFileSystem(configuration).getFileStatus(path).getLen());
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot look at '" + path + "'", e);
    }
  }

  /** Of the bytes as they lie there, whatever Hadoop's own checksum beside them says. */
  private String sha256(Configuration configuration) {
    try (InputStream in = files(configuration).open(path)) {
      return Sha256.of(in);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read '" + path + "'", e);
    }
  }

  private FileSystem files(Configuration configuration) throws IOException {
    FileSystem files = path.getFileSystem(configuration);
    return files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
  }

  private Optional<String> footer(SignalManifest manifest, Configuration configuration) {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(path, configuration))) {
      long rows = reader.getRecordCount();
      if (rows != expected.rows()) {
        return Optional.of("has %d rows, its manifest says %d".formatted(rows, expected.rows()));
      }
      MessageType found = reader.getFileMetaData().getSchema();
      List<String> differences = differences(content.schema(manifest), found);
      return differences.isEmpty()
          ? Optional.empty()
          : Optional.of(
              "has other columns than its manifest says: " + String.join("; ", differences));
    } catch (IOException | RuntimeException e) {
      return Optional.of("is no Parquet file that can be read: " + e.getMessage());
    }
  }

  private static List<String> differences(MessageType expected, MessageType found) {
    List<String> differences = new ArrayList<>();
    for (Type column : expected.getFields()) {
      if (!found.containsField(column.getName())) {
        differences.add("no '%s'".formatted(column.getName()));
      } else if (!found.getType(column.getName()).equals(column)) {
        differences.add(
            "'%s' is %s, must be %s"
                .formatted(column.getName(), line(found.getType(column.getName())), line(column)));
      }
    }
    for (Type column : found.getFields()) {
      if (!expected.containsField(column.getName())) {
        differences.add("'%s' is not one of them".formatted(column.getName()));
      }
    }
    return differences;
  }

  private static String line(Type type) {
    return type.toString().replaceAll("\\s+", " ");
  }
}
