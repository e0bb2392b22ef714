package io.lakestill.jobs;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.execution.datasources.PartitionPath;
import org.apache.spark.sql.execution.datasources.PartitionSpec;
import org.apache.spark.sql.execution.datasources.PartitioningAwareFileIndex;
import org.apache.spark.sql.types.DataType;
import scala.collection.JavaConverters;

/**
 * The folders of a table whose dates are in the names of folders, as {@code dt=2026-11-03}.
 *
 * @param byDate the folders of each date, by the text of the value that Spark reads from their
 *     name; folders by other columns may lie in them
 * @param first whether the date is the first of the table's partition columns
 */
record DateFolders(Map<String, Set<Path>> byDate, boolean first) {

  /**
   * @param table a whole table, as it was read
   * @param column the dates
   * @return empty when the column is in the files
   */
  static Optional<DateFolders> of(Dataset<Row> table, String column) {
    return partitions(table)
        .filter(found -> Arrays.asList(found.partitionColumns().fieldNames()).contains(column))
        .map(
            found ->
                new DateFolders(
                    byDate(found, column), found.partitionColumns().fieldIndex(column) == 0));
  }

  private static Optional<PartitionSpec> partitions(Dataset<Row> table) {
    return table.queryExecution().analyzed() instanceof LogicalRelation read
            && read.relation() instanceof HadoopFsRelation files
            && files.location() instanceof PartitioningAwareFileIndex index
        ? Optional.of(index.partitionSpec())
        : Optional.empty();
  }

  private static Map<String, Set<Path>> byDate(PartitionSpec found, String column) {
    int place = found.partitionColumns().fieldIndex(column);
    DataType type = found.partitionColumns().apply(place).dataType();
    Map<String, Set<Path>> byDate = new HashMap<>();
    for (PartitionPath folder : JavaConverters.seqAsJavaList(found.partitions())) {
      Object value = CatalystTypeConverters.convertToScala(folder.values().get(place, type), type);
      if (value != null) {
        Path dated = folder.path();
        for (int deeper = found.partitionColumns().size() - 1; deeper > place; deeper--) {
          dated = dated.getParent();
        }
        byDate.computeIfAbsent(value.toString(), none -> new TreeSet<>()).add(dated);
      }
    }
    return byDate;
  }

  /** Whether all of a date lies, and will lie, in the folders that were found. */
  boolean isAll(String date) {
    return first && byDate.containsKey(date);
  }

  /** The folders of some dates. */
  List<Path> of(Collection<String> dates) {
    return dates.stream().flatMap(date -> byDate.getOrDefault(date, Set.of()).stream()).toList();
  }
}
