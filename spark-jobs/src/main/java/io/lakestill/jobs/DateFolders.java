package io.lakestill.jobs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 * @param byDate the folders of each date, by the text of the value that Spark reads from their name
 */
record DateFolders(Map<String, List<Path>> byDate) {

  /**
   * @param table a whole table, as it was read
   * @param column the dates
   * @return empty when the column is in the files
   */
  static Optional<DateFolders> of(Dataset<Row> table, String column) {
    return partitions(table)
        .filter(found -> Arrays.asList(found.partitionColumns().fieldNames()).contains(column))
        .map(found -> new DateFolders(byDate(found, column)));
  }

  private static Optional<PartitionSpec> partitions(Dataset<Row> table) {
    return table.queryExecution().analyzed() instanceof LogicalRelation read
            && read.relation() instanceof HadoopFsRelation files
            && files.location() instanceof PartitioningAwareFileIndex index
        ? Optional.of(index.partitionSpec())
        : Optional.empty();
  }

  private static Map<String, List<Path>> byDate(PartitionSpec found, String column) {
    int place = found.partitionColumns().fieldIndex(column);
    DataType type = found.partitionColumns().apply(place).dataType();
    Map<String, List<Path>> byDate = new HashMap<>();
    for (PartitionPath folder : JavaConverters.seqAsJavaList(found.partitions())) {
      Object value = CatalystTypeConverters.convertToScala(folder.values().get(place, type), type);
      if (value != null) {
        byDate.computeIfAbsent(value.toString(), none -> new ArrayList<>()).add(folder.path());
      }
    }
    return byDate;
  }

  /** The folders of some dates. */
  List<Path> of(Collection<String> dates) {
    return dates.stream().flatMap(date -> byDate.getOrDefault(date, List.of()).stream()).toList();
  }
}
