package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.bigdl.JobNames;
import io.lakestill.io.EnumText;
import io.lakestill.io.Json;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What a person wants to know of a version of a signal table, as JSON: what its manifest says, and
 * what two passes over its narrow columns find.
 *
 * @param version the version
 * @param shown how many rows to show
 */
record TableInspection(SignalVersion version, int shown) {
  /** The quantiles of entropy and margin, in percent. */
  static final List<Integer> QUANTILES = List.of(0, 5, 25, 50, 75, 95, 100);

  private static final String ROWS = "rows";

  /** A table that is taught every day has hundreds. */
  private static final int MOST_VERSIONS = 10;

  /** Adds everything to a summary. */
  void into(SparkSession spark, ObjectNode json) {
    manifest(json);
    if (manifest().files().isEmpty() && (manifest().store().isEmpty() || manifest().rows() == 0)) {
      return;
    }
    new JobNames(spark.sparkContext()).now("look into " + version.table().root());
    Dataset<Row> rows = version.rows(spark);
    classes(rows, json);
    quantiles(rows, json);
    examples(rows, json.putArray("examples"));
  }

  private SignalManifest manifest() {
    return version.manifest();
  }

  private void manifest(ObjectNode json) {
    SignalManifest manifest = manifest();
    json.put("table", version.table().root().toString()).put("version", manifest.version());
    ArrayNode versions = json.putArray("versions");
    List<Integer> numbers = version.table().versions();
    numbers
        .subList(Math.max(0, numbers.size() - MOST_VERSIONS), numbers.size())
        .forEach(number -> versions.add(version(version.table(), number)));
    json.put("created", manifest.created())
        .put("run_id", manifest.runId())
        .put("code_version", manifest.codeVersion());
    json.putObject("teacher")
        .put("id", manifest.teacher().id())
        .put("sha256", manifest.teacher().sha256());
    manifest
        .store()
        .ifPresent(
            store ->
                json.putObject("store")
                    .put("format", EnumText.of(store.format()))
                    .put("table", store.table()));
    json.put("preprocessing", manifest.preprocessing())
        .put(ROWS, manifest.rows())
        .put("dead_rows", manifest.deadRows())
        .put("quarantined_rows", manifest.quarantinedRows());
    json.putObject("views")
        .put("count", manifest.views().count())
        .put("seed", manifest.views().seed());
    long bytes = manifest.files().stream().mapToLong(SignalFile::bytes).sum();
    long stored = manifest.rows() + manifest.deadRows();
    json.put("files", manifest.files().size()).put("bytes", bytes);
    json.put("bytes_per_row", stored == 0 ? 0 : Math.round(10.0 * bytes / stored) / 10.0);
    if (!manifest.dates().isEmpty()) {
      ArrayNode slices = json.putArray("slices");
      manifest.slices().forEach(slice -> slices.add(slice(slice)));
    }
    ArrayNode signals = json.putArray("signals");
    for (SignalColumn signal : manifest.signals()) {
      ObjectNode column = signals.addObject().put("name", signal.name());
      signal.shape().forEach(column.putArray("shape")::add);
      column.set("codec", signal.codec().toJson());
      signal.projection().ifPresent(made -> column.set("projection", made.toJson()));
    }
  }

  private static ObjectNode slice(Slice slice) {
    return Json.object()
        .put("dt", slice.date().orElseThrow())
        .put(ROWS, slice.rows())
        .put("dead_rows", slice.deadRows())
        .put("quarantined_rows", slice.quarantinedRows())
        .put("files", slice.files().size())
        .put("bytes", slice.bytes());
  }

  private static ObjectNode version(SignalTable table, int number) {
    SignalManifest manifest = table.manifest(number);
    return Json.object()
        .put("version", number)
        .put("created", manifest.created())
        .put(ROWS, manifest.rows())
        .put("files", manifest.files().size());
  }

  /** Labels and what the teacher held for likeliest, class by class. */
  private void classes(Dataset<Row> rows, ObjectNode json) {
    List<String> names = manifest().classes();
    long[] labelled = new long[names.size()];
    long[] said = new long[names.size()];
    long agreed = 0;
    long of = 0;
    for (Row row :
        rows.groupBy(col(SignalSchema.LABEL), col(SignalSchema.ARGMAX))
            .agg(count(lit(1)))
            .collectAsList()) {
      long count = row.getLong(2);
      said[row.getInt(1)] += count;
      if (!row.isNullAt(0)) {
        labelled[row.getInt(0)] += count;
        of += count;
        agreed += row.getInt(0) == row.getInt(1) ? count : 0;
      }
    }
    ArrayNode classes = json.putArray("classes");
    for (int c = 0; c < labelled.length; c++) {
      classes
          .addObject()
          .put("name", names.get(c))
          .put("labels", labelled[c])
          .put("argmax", said[c]);
    }
    json.put("labelled_rows", of);
    if (of > 0) {
      json.put("label_agreement", (double) agreed / of);
    }
  }

  private static void quantiles(Dataset<Row> rows, ObjectNode json) {
    String wanted =
        QUANTILES.stream()
            .map(percent -> percent / 100.0 + "D")
            .collect(Collectors.joining(", ", "array(", ")"));
    Row found =
        rows.agg(
                expr("percentile_approx(%s, %s)".formatted(SignalSchema.ENTROPY, wanted)),
                expr("percentile_approx(%s, %s)".formatted(SignalSchema.MARGIN, wanted)))
            .first();
    List<String> columns = List.of(SignalSchema.ENTROPY, SignalSchema.MARGIN);
    for (int c = 0; c < columns.size(); c++) {
      List<Float> values = found.getList(c);
      ObjectNode quantiles = json.putObject(columns.get(c));
      for (int i = 0; i < values.size(); i++) {
        quantiles.put("p" + QUANTILES.get(i), values.get(i));
      }
    }
  }

  private void examples(Dataset<Row> rows, ArrayNode json) {
    List<String> names = manifest().classes();
    List<Row> first =
        rows.select(
                SignalSchema.SAMPLE_ID,
                SignalSchema.VIEW_ID,
                SignalSchema.LABEL,
                SignalSchema.ARGMAX,
                SignalSchema.ENTROPY,
                SignalSchema.MARGIN)
            .orderBy(SignalSchema.SAMPLE_ID, SignalSchema.VIEW_ID)
            .limit(shown)
            .collectAsList();
    for (Row row : first) {
      ObjectNode example =
          json.addObject()
              .put(SignalSchema.SAMPLE_ID, row.getString(0))
              .put(SignalSchema.VIEW_ID, row.getInt(1));
      if (!row.isNullAt(2)) {
        example.put(SignalSchema.LABEL, names.get(row.getInt(2)));
      }
      example
          .put(SignalSchema.ARGMAX, names.get(row.getInt(3)))
          .put(SignalSchema.ENTROPY, row.getFloat(4))
          .put(SignalSchema.MARGIN, row.getFloat(5));
    }
  }
}
