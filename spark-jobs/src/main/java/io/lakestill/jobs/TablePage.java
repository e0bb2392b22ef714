package io.lakestill.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A {@link TableInspection} as lines for a person. */
final class TablePage {
  private static final int MOST_CLASSES = 20;
  private static final int MOST_DATES = 31;

  private final JsonNode json;
  private final List<String> lines = new ArrayList<>();

  private TablePage(JsonNode json) {
    this.json = json;
  }

  static List<String> lines(JsonNode inspection) {
    TablePage page = new TablePage(inspection);
    page.head();
    page.slices();
    page.signals();
    if (inspection.has("classes")) {
      page.classes();
      page.quantiles();
      page.examples();
    }
    return page.lines;
  }

  private void line(String format, Object... values) {
    lines.add(String.format(Locale.ROOT, format, values).stripTrailing());
  }

  private void head() {
    line("signal table %s", json.path("table").asText());
    for (JsonNode version : json.path("versions")) {
      boolean shown = version.path("version").equals(json.path("version"));
      line(
          "  version %d%s: %,d rows in %,d files, written %s",
          version.path("version").asInt(),
          shown ? " (current)" : "",
          version.path("rows").asLong(),
          version.path("files").asInt(),
          version.path("created").asText());
    }
    line(
        "  teacher '%s', SHA-256 %s",
        json.path("teacher").path("id").asText(), json.path("teacher").path("sha256").asText());
    if (json.has("store")) {
      line(
          "  rows in %s table %s",
          json.path("store").path("format").asText(), json.path("store").path("table").asText());
    }
    line(
        "  written by run %s of Lakestill %s",
        json.path("run_id").asText(), json.path("code_version").asText());
    line(
        "  %,d rows, %,d dead rows beside them, %,d in quarantine",
        json.path("rows").asLong(),
        json.path("dead_rows").asLong(),
        json.path("quarantined_rows").asLong());
    line(
        "  %d view(s) of each training example, seed %d",
        json.path("views").path("count").asInt(), json.path("views").path("seed").asLong());
    if (!json.has("store")) {
      line(
          "  %,d bytes in %,d files, %,.1f bytes a row",
          json.path("bytes").asLong(),
          json.path("files").asInt(),
          json.path("bytes_per_row").asDouble());
    }
  }

  /** The newest dates. */
  private void slices() {
    JsonNode slices = json.path("slices");
    if (slices.isEmpty()) {
      return;
    }
    line("%-26s %14s %14s %12s %8s %14s", "dates", "rows", "dead", "quarantine", "files", "bytes");
    int first = Math.max(0, slices.size() - MOST_DATES);
    if (first > 0) {
      line("  and %,d before these, see --json", first);
    }
    for (int i = first; i < slices.size(); i++) {
      JsonNode slice = slices.get(i);
      line(
          "  %-24s %,14d %,14d %,12d %,8d %,14d",
          slice.path("dt").asText(),
          slice.path("rows").asLong(),
          slice.path("dead_rows").asLong(),
          slice.path("quarantined_rows").asLong(),
          slice.path("files").asInt(),
          slice.path("bytes").asLong());
    }
  }

  private void signals() {
    line("signals");
    for (JsonNode signal : json.path("signals")) {
      line(
          "  %-24s %-16s %-8s %s",
          signal.path("name").asText(),
          signal.path("shape"),
          signal.path("codec").path("type").asText(),
          signal.has("projection") ? projection(signal.path("projection")) : "");
    }
  }

  /** Such as {@code of [512] by pca, 97.3 % of the variance}. */
  static String projection(JsonNode projection) {
    String made = "of %s by %s".formatted(projection.path("from"), projection.path("by").asText());
    return projection.has("explained_variance")
        ? made
            + String.format(
                Locale.ROOT,
                ", %.1f %% of the variance",
                100 * projection.path("explained_variance").asDouble())
        : made;
  }

  private void classes() {
    line("%-26s %14s %14s", "classes", "labels", "argmax");
    int shown = 0;
    for (JsonNode one : json.path("classes")) {
      if (shown++ < MOST_CLASSES) {
        line(
            "  %-24s %,14d %,14d",
            one.path("name").asText(), one.path("labels").asLong(), one.path("argmax").asLong());
      }
    }
    if (shown > MOST_CLASSES) {
      line("  and %,d more, see --json", shown - MOST_CLASSES);
    }
    if (json.has("label_agreement")) {
      line(
          "label and argmax agree in %.2f %% of %,d labelled rows",
          100 * json.path("label_agreement").asDouble(), json.path("labelled_rows").asLong());
    }
  }

  private void quantiles() {
    StringBuilder head = new StringBuilder(String.format(Locale.ROOT, "%-10s", "quantiles"));
    TableInspection.QUANTILES.forEach(
        percent -> head.append(String.format(Locale.ROOT, "%9s", percent + " %")));
    lines.add(head.toString());
    for (String column : List.of("entropy", "margin")) {
      StringBuilder values = new StringBuilder(String.format(Locale.ROOT, "  %-8s", column));
      json.path(column)
          .forEach(v -> values.append(String.format(Locale.ROOT, "%9.4f", v.asDouble())));
      lines.add(values.toString());
    }
  }

  private void examples() {
    line("%-26s %5s  %-16s %-16s %8s %8s", "rows", "view", "label", "argmax", "entropy", "margin");
    for (JsonNode row : json.path("examples")) {
      line(
          "  %-24s %5d  %-16s %-16s %8.4f %8.4f",
          row.path("sample_id").asText(),
          row.path("view_id").asInt(),
          row.path("label").asText("-"),
          row.path("argmax").asText(),
          row.path("entropy").asDouble(),
          row.path("margin").asDouble());
    }
  }
}
