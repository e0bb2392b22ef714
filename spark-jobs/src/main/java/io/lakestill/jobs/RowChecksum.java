package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;

import io.lakestill.signal.RowStore;
import io.lakestill.signal.RowSums;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.codec.Dense32;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Sums over the hashes of rows, as {@code signal-tables.md} defines them in SQL. A hash leaves out
 * what is null and runs on from one element of a list to the next, so lists come with their size,
 * and a label with whether there is one.
 *
 * @param schema the columns
 */
record RowChecksum(SignalSchema schema) {
  /** Without overflow for 5 x 10^10 rows, and loudly beyond. */
  private static final String SUM = "sum(cast(xxhash64(%s) AS decimal(20)))";

  static RowChecksum of(SignalManifest manifest) {
    return new RowChecksum(manifest.schema());
  }

  /** The sums that SQL computes: of the first and of the second hash. */
  List<String> sql() {
    String columns = schema.columns().stream().map(this::hashed).collect(Collectors.joining(", "));
    return List.of(SUM.formatted(columns), SUM.formatted("1, " + columns));
  }

  private String hashed(String name) {
    String column = "`" + name + "`";
    if (name.equals(SignalSchema.LABEL)) {
      return "isnull(%s), %s".formatted(column, column);
    }
    boolean list =
        schema.signals().stream()
            .filter(signal -> signal.name().equals(name))
            .map(SignalColumn::codec)
            .anyMatch(Dense32.class::isInstance);
    return list ? "size(%s), %s".formatted(column, column) : column;
  }

  /** Of all rows. */
  RowSums of(Dataset<Row> rows) {
    List<Column> sums = sums();
    return sums(
        rows.agg(sums.get(0), sums.subList(1, sums.size()).toArray(Column[]::new)).first(), 0);
  }

  /** Of each date; what has none is under the empty one. */
  Map<Optional<String>, RowSums> byDate(Dataset<Row> rows) {
    List<Column> sums = sums();
    Map<Optional<String>, RowSums> found = new HashMap<>();
    rows.groupBy(col(RowStore.DATE))
        .agg(sums.get(0), sums.subList(1, sums.size()).toArray(Column[]::new))
        .collectAsList()
        .forEach(row -> found.put(Optional.ofNullable(row.getString(0)), sums(row, 1)));
    return found;
  }

  private List<Column> sums() {
    List<Column> columns = new ArrayList<>();
    columns.add(count(lit(1)));
    // Null without rows; also when it overflows, which is refused where it is read.
    sql().forEach(sum -> columns.add(expr(sum)));
    return columns;
  }

  private static RowSums sums(Row row, int from) {
    return row.getLong(from) == 0
        ? RowSums.NONE
        : new RowSums(row.getLong(from), whole(row, from + 1), whole(row, from + 2));
  }

  private static BigInteger whole(Row row, int column) {
    if (row.isNullAt(column)) {
      throw new ArithmeticException("the sum of so many hashes is beyond 30 digits");
    }
    return row.getDecimal(column).toBigIntegerExact();
  }
}
