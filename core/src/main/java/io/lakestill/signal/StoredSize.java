package io.lakestill.signal;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;

/**
 * What rows take in a signal file. It is found by writing them and reading the footer, so that
 * encodings, page headers and zstd count as they do in a table.
 *
 * @param rows how many were written
 * @param columns bytes of each leaf column, in dotted form
 * @param rest bytes of the file that belong to no column: footer and page indexes
 */
public record StoredSize(long rows, Map<String, Long> columns, long rest) {
  public StoredSize {
    columns = Map.copyOf(columns);
    if (rows < 1) {
      throw new IllegalArgumentException("the size of no row is unknown");
    }
  }

  /**
   * Writes rows into a file that is removed again.
   *
   * @param schema its columns; the same values may stand in several, each stored in its own way
   * @param teacher the id of the teacher
   * @param rows at least one
   * @param folder where the file is written for a moment
   */
  public static StoredSize of(
      SignalSchema schema,
      String teacher,
      Iterable<SignalRow> rows,
      Path folder,
      Configuration configuration)
      throws IOException {
    Path path = new Path(folder, "size-" + UUID.randomUUID() + ".parquet");
    try (SignalFileWriter writer =
        new SignalFileWriter(
            new SignalFileWriter.Contents(schema, teacher, "0".repeat(64)),
            path,
            new Path(folder, "quarantine-" + path.getName()),
            configuration)) {
      for (SignalRow row : rows) {
        writer.write(row);
      }
      SignalFile file =
          writer
              .finishSignals()
              .orElseThrow(() -> new IllegalArgumentException("the size of no row is unknown"));
      return read(path, file, configuration);
    } finally {
      path.getFileSystem(configuration).delete(path, false);
    }
  }

  private static StoredSize read(Path path, SignalFile file, Configuration configuration)
      throws IOException {
    Map<String, Long> columns = new LinkedHashMap<>();
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(path, configuration))) {
      for (BlockMetaData block : reader.getFooter().getBlocks()) {
        for (ColumnChunkMetaData chunk : block.getColumns()) {
          columns.merge(chunk.getPath().toDotString(), chunk.getTotalSize(), Long::sum);
        }
      }
    }
    long used = columns.values().stream().mapToLong(Long::longValue).sum();
    return new StoredSize(file.rows(), columns, file.bytes() - used);
  }

  /**
   * Bytes a row of a column with all that lies below it.
   *
   * @throws IllegalArgumentException when there is no such column
   */
  public double bytesPerRow(String column) {
    return (double) leaves(column).mapToLong(columns::get).sum() / rows;
  }

  /**
   * How many columns of the file it is made of.
   *
   * @throws IllegalArgumentException when there is no such column
   */
  public int parts(String column) {
    return (int) leaves(column).count();
  }

  private Stream<String> leaves(String column) {
    List<String> leaves =
        columns.keySet().stream()
            .filter(leaf -> leaf.equals(column) || leaf.startsWith(column + "."))
            .toList();
    if (leaves.isEmpty()) {
      throw new IllegalArgumentException("no column is named '" + column + "'");
    }
    return leaves.stream();
  }

  /** Bytes a row of what every table has beside its signals: key, hash, label and summary. */
  public double ownBytesPerRow() {
    return columns.keySet().stream()
        .filter(SignalSchema.OWN_COLUMNS::contains)
        .mapToDouble(this::bytesPerRow)
        .sum();
  }

  /** Bytes of {@link #rest} for each column: what a file of any number of rows has besides. */
  public double restPerPart() {
    return (double) rest / columns.size();
  }
}
