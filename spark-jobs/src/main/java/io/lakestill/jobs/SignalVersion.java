package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.recipe.CoverageSettings;
import io.lakestill.recipe.DataSettings;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The version of one teacher's signal table that a training learns from.
 *
 * @param table where it is
 * @param manifest what it is
 * @param coverage how many examples may lack signals
 * @param stored where its rows are
 */
record SignalVersion(
    SignalTable table, SignalManifest manifest, CoverageSettings coverage, VersionRows stored) {

  SignalVersion(SignalTable table, SignalManifest manifest, CoverageSettings coverage) {
    this(table, manifest, coverage, VersionRows.of(table, manifest));
  }

  /** Of which every example must have signals. */
  SignalVersion(SignalTable table, SignalManifest manifest) {
    this(table, manifest, CoverageSettings.COMPLETE);
  }

  /**
   * The current version, which must fit the recipe.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is none, a file is missing or
   *     of another size, or it was made for other classes, views or features
   */
  static SignalVersion current(SignalSource source, DataSettings data) {
    return current(source, data, slice -> true);
  }

  /** The same with some of its slices only: the others need not be whole. */
  static SignalVersion current(SignalSource source, DataSettings data, Predicate<Slice> read) {
    SignalTable table = source.table();
    SignalManifest manifest =
        table
            .current()
            .orElseThrow(
                () ->
                    Errors.badInput(
                        "There are no signals in '%s'; run teach first.".formatted(table.root())))
            .only(read);
    table.checkFiles(manifest);
    SignalVersion version = new SignalVersion(table, manifest, source.coverage());
    version.requireFit("classes", manifest.classes(), data.classes());
    version.requireFit("number of views", manifest.views().count(), data.views().count());
    if (data.views().count() > 1) {
      version.requireFit("seed of the views", manifest.views().seed(), data.views().seed());
    }
    if (!manifest.preprocessing().equals(source.features().fingerprint())) {
      throw Errors.badInput(
          ("Version %d of the signals in '%s' was made from other numbers than the recipe's: scale,"
                  + " normalisation, encoding or shape of the features, or the transforms or seed of"
                  + " the views, have changed; run teach again.")
              .formatted(manifest.version(), table.root()));
    }
    return version;
  }

  private void requireFit(String what, Object taught, Object asked) {
    if (!taught.equals(asked)) {
      throw Errors.badInput(
          "Version %d of the signals in '%s' has %s %s, the recipe has %s; run teach again."
              .formatted(manifest.version(), table.root(), what, taught, asked));
    }
  }

  /** Its living rows, with signals as they are stored. */
  Dataset<Row> rows(SparkSession spark) {
    return stored.living(spark);
  }

  /** The shape of each signal, without the batch axis. */
  Map<String, List<Integer>> shapes() {
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    for (SignalColumn column : manifest.signals()) {
      shapes.put(column.name(), column.shape());
    }
    return shapes;
  }
}
