package io.lakestill.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A {@link LogitsAudit} as lines for a person. */
final class AuditPage {
  private static final String COLUMNS = "  %-22s %10s %6s %11s %11s %11s %11s %9s";

  private final JsonNode json;
  private final List<String> lines = new ArrayList<>();

  private AuditPage(JsonNode json) {
    this.json = json;
  }

  static List<String> lines(JsonNode audit) {
    AuditPage page = new AuditPage(audit);
    page.head();
    page.forms();
    page.choice();
    return page.lines;
  }

  private void line(String format, Object... values) {
    lines.add(String.format(Locale.ROOT, format, values).stripTrailing());
  }

  private void head() {
    line("audit of signal table %s, version %d", text("table"), json.path("version").asInt());
    line(
        "  %,d of %,d rows by the hash of their keys, %,d classes, logits stored as %s",
        json.path("sampled_rows").asLong(),
        json.path("rows").asLong(),
        json.path("classes").asLong(),
        text("stored"));
    if (text("stored").equals("dense16")) {
      line("  what dense16 rounded away is not seen here: its rounding is taken for the teacher's");
    }
    json.path("refused").forEach(reason -> line("  %s", reason.asText()));
  }

  private void forms() {
    line("");
    line(
        COLUMNS,
        "logits stored as",
        "bytes/row",
        "T",
        "mass kept",
        "lowest 1 %",
        "KL, mean",
        "KL, worst",
        "top-1");
    for (JsonNode form : json.path("forms")) {
      boolean first = true;
      for (JsonNode at : form.path("temperatures")) {
        line(
            COLUMNS,
            first ? name(form) : "",
            first ? number("%.1f", form.path("bytes_per_row")) : "",
            number("%s", at.path("temperature")),
            number("%.6f", at.path("retained_mass")),
            number("%.6f", at.path("retained_mass_p1")),
            number("%.2e", at.path("kl")),
            number("%.2e", at.path("kl_largest")),
            number("%.2f %%", 100 * at.path("agreement").asDouble()));
        first = false;
      }
    }
    if (json.path("forms").findValuesAsText("available").contains("false")) {
      line("  (*) no codec keeps float16 values of topk: what it would take and lose");
    }
  }

  private static String name(JsonNode form) {
    return !form.path("codec").asText().equals("topk")
        ? form.path("codec").asText()
        : "topk %d%s"
            .formatted(
                form.path("k").asInt(), form.path("available").asBoolean() ? "" : ", float16 (*)");
  }

  private void choice() {
    line("");
    double target = json.path("kl_target").asDouble();
    double temperature = json.path("largest_temperature").asDouble();
    if (json.has("k")) {
      line(
          "k = %d is the smallest with a mean KL of at most %s at T = %s. In a recipe:",
          json.path("k").asInt(), target, temperature);
    } else {
      line("No k that was tried has a mean KL of at most %s at T = %s.", target, temperature);
    }
    json.path("recipe").asText().lines().forEach(text -> line("  %s", text));
    JsonNode cheapest = json.path("cheapest");
    if (cheapest.isObject() && !cheapest.path("codec").asText().equals("topk")) {
      line(
          "%s takes the fewest bytes of all that meet the target (%.1f a row), and any loss can"
              + " learn from it%s",
          cheapest.path("codec").asText(),
          cheapest.path("bytes_per_row").asDouble(),
          json.has("k") ? ":" : ". In a recipe:");
      line("  signals.codecs.logits = %s", cheapest.path("codec").asText());
    }
  }

  private String text(String field) {
    return json.path(field).asText();
  }

  private static String number(String format, JsonNode value) {
    return number(format, value.asDouble());
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
