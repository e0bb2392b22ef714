package io.lakestill.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** A {@link PlanReport} as lines for a person. */
final class PlanPage {
  private static final int NAME = 20;
  private static final int NUMBER = 11;

  private final JsonNode json;
  private final List<String> lines = new ArrayList<>();

  private PlanPage(JsonNode json) {
    this.json = json;
  }

  static List<String> lines(JsonNode plan) {
    PlanPage page = new PlanPage(plan);
    page.rows();
    plan.path("teachers").forEach(page::teacher);
    page.train();
    return page.lines;
  }

  private void line(String format, Object... values) {
    lines.add(String.format(Locale.ROOT, format, values).stripTrailing());
  }

  private void rows() {
    JsonNode rows = json.path("rows");
    String about = rows.path("counted").asBoolean() ? "" : "about ";
    line("plan of recipe %s", json.path("recipe").asText());
    line(
        "  %s%,d examples to learn from, %d view(s) of each, %s%,d to validate with: %,d rows of"
            + " signals for each teacher",
        about,
        rows.path("training_examples").asLong(),
        rows.path("views").asInt(),
        about,
        rows.path("validation_examples").asLong(),
        rows.path("signal_rows").asLong());
    if (json.path("teachers").isEmpty()) {
      line("  the recipe has no teacher: nothing is taught");
    }
  }

  private void teacher(JsonNode teacher) {
    line("");
    line("teacher %s", teacher.path("id").asText());
    sizes(teacher);
    cost(teacher);
    breakEven(teacher.path("break_even"));
    teach(teacher.path("teach"));
  }

  private void sizes(JsonNode teacher) {
    boolean spoken = teacher.path("values").asText().equals("spoken");
    line(
        "  bytes a row by codec, zstd included, of %s; * is what the recipe says",
        spoken
            ? "what the teacher said of the sample"
            : "Gaussian numbers, which compress least (--time stores the teacher's own)");
    Set<String> codecs = new LinkedHashSet<>();
    teacher
        .path("signals")
        .forEach(signal -> signal.path("bytes_per_row").fieldNames().forEachRemaining(codecs::add));
    StringBuilder head = new StringBuilder(cell("signal", "values"));
    codecs.forEach(codec -> head.append(right(codec)));
    line("%s", head);
    line("%s%s", cell("key, hash, label...", ""), right(number(teacher.path("own_bytes_per_row"))));
    List<String> unknown = new ArrayList<>();
    for (JsonNode signal : teacher.path("signals")) {
      if (!signal.has("width")) {
        unknown.add(signal.path("name").asText());
      }
      StringBuilder row =
          new StringBuilder(cell(signal.path("name").asText(), signal.path("width").asText("?")));
      for (String codec : codecs) {
        JsonNode bytes = signal.path("bytes_per_row").path(codec);
        String mark = signal.path("codec").asText().equals(codec) ? "*" : " ";
        row.append(right(bytes.isMissingNode() ? "- " : number(bytes) + mark));
      }
      line("%s", row);
    }
    totals(teacher.path("totals"), codecs);
    for (String signal : unknown) {
      line(
          "  the width of %s is not known: its file does not say it; give --width %s=N, or --time",
          signal, signal);
    }
  }

  private void totals(JsonNode totals, Set<String> codecs) {
    if (totals.isEmpty()) {
      return;
    }
    StringBuilder rows = new StringBuilder(cell("all, a row", ""));
    StringBuilder table = new StringBuilder(cell("the table", ""));
    for (String codec : codecs) {
      JsonNode total = totals.path(codec);
      boolean known = !total.isMissingNode();
      rows.append(right(known ? number(total.path("bytes_per_row")) + " " : "- "));
      table.append(right(known ? bytes(total.path("bytes").asDouble()) + " " : "- "));
    }
    line("%s", rows);
    line("%s", table);
    JsonNode recipe = totals.path("recipe");
    if (!recipe.isMissingNode()) {
      line(
          "  as the recipe says: %s bytes a row, %s in all",
          number(recipe.path("bytes_per_row")), bytes(recipe.path("bytes").asDouble()));
    }
  }

  private void cost(JsonNode teacher) {
    JsonNode cost = teacher.path("cost");
    if (cost.path("from").asText().equals("unknown")) {
      line("  cost: not known; %s", cost.path("why").asText());
      return;
    }
    boolean timed = cost.path("from").asText().equals("timed");
    line(
        "  cost: %s rows/s on one core%s; the pass takes %s core hours",
        speed(cost.path("rows_per_second")),
        timed
            ? " (%s of the model alone), timed on %,d rows on %s"
                .formatted(
                    speed(cost.path("teacher_rows_per_second")),
                    cost.path("sample_rows").asLong(),
                    json.path("processor").asText())
            : ", as given",
        hours(cost.path("core_hours")));
    if (cost.has("core_hours_per_gigabyte")) {
      line(
          "  storage: each gigabyte kept saves %s core hours whenever it is read instead",
          hours(cost.path("core_hours_per_gigabyte")));
    }
    if (cost.has("months")) {
      line(
          "  the pass costs %.3g, keeping the table %.3g a month: as much as %.1f months of it",
          cost.path("price").asDouble(),
          cost.path("price_month").asDouble(),
          cost.path("months").asDouble());
    }
  }

  private void breakEven(JsonNode even) {
    line(
        "  break-even: the pass costs as much as %.2f epochs with the teacher in the loop%s.",
        even.path("pass_in_epochs").asDouble(),
        even.path("relative_cost").asDouble() == 1
            ? " (rows of the pass / training examples)"
            : " (rows of the pass x %.2f, for decoding and writing, / training examples)"
                .formatted(even.path("relative_cost").asDouble()));
    line(
        "    Caching pays from %,d epochs on, over all students and seeds: %,d training(s) of %,d"
            + " epochs.",
        even.path("epochs").asLong(),
        even.path("trainings").asLong(),
        even.path("recipe_epochs").asLong());
    line(
        "    This recipe: %,d epochs x 1 student x %,d seed(s); the teacher in the loop would cost"
            + " %.1f times the pass.",
        even.path("recipe_epochs").asLong(),
        even.path("recipe_seeds").asLong(),
        even.path("factor").asDouble());
  }

  private void teach(JsonNode teach) {
    line(
        "  Spark, teach: %,d tasks of up to %,d rows on %,d cores%s; executors may come and go",
        teach.path("tasks").asLong(),
        teach.path("rows_per_task").asLong(),
        teach.path("cores").asLong(),
        teach.has("seconds")
            ? ", "
                + Console.shown(Duration.ofMillis((long) (1000 * teach.path("seconds").asDouble())))
            : "");
    if (teach.path("finer_tasks").asBoolean()) {
      line(
          "    one task alone would take longer: --set signals.rows-per-task=%d",
          teach.path("rows_per_task").asLong());
    }
    line(
        "    --num-executors %d %s --conf spark.dynamicAllocation.enabled=true",
        teach.path("executors").asLong(), executor(teach));
  }

  private void train() {
    JsonNode train = json.path("train");
    line("");
    line(
        "Spark, train: %d training(s) one after another; %d executor(s) that stay, train.batch = %d"
            + " is %d rows for each of %d cores",
        train.path("trainings").asInt(),
        train.path("executors").asInt(),
        train.path("batch").asInt(),
        train.path("rows_per_core").asInt(),
        train.path("cores").asInt());
    if (train.has("packed_bytes")) {
      line(
          "    %s of packed rows in the memory of all executors",
          bytes(train.path("packed_bytes").asDouble()));
    } else {
      line("    the memory it needs depends on widths that are not known");
    }
    line(
        "    --num-executors %d %s --conf spark.dynamicAllocation.enabled=false",
        train.path("executors").asInt(), executor(train));
  }

  private static String executor(JsonNode stage) {
    String memory =
        stage.has("executor_memory")
            ? " --executor-memory %s --conf spark.executor.memoryOverhead=%s"
                .formatted(
                    stage.path("executor_memory").asText(),
                    stage.path("executor_memory_overhead").asText())
            : "";
    return "--executor-cores %d%s".formatted(stage.path("executor_cores").asInt(), memory);
  }

  private static String cell(String name, String values) {
    return String.format(Locale.ROOT, "    %-" + NAME + "s %7s", name, values);
  }

  private static String right(String text) {
    return String.format(Locale.ROOT, " %" + NUMBER + "s", text);
  }

  private static String number(JsonNode value) {
    return String.format(Locale.ROOT, "%,.1f", value.asDouble());
  }

  private static String speed(JsonNode rows) {
    return String.format(Locale.ROOT, rows.asDouble() < 10 ? "%.2f" : "%,.0f", rows.asDouble());
  }

  private static String hours(JsonNode hours) {
    return String.format(Locale.ROOT, hours.asDouble() < 1 ? "%.2g" : "%,.1f", hours.asDouble());
  }

  /** Bytes for people, in steps of a thousand. */
  private static String bytes(double bytes) {
    List<String> units = List.of("B", "kB", "MB", "GB", "TB", "PB");
    int unit = 0;
    while (bytes >= 1000 && unit < units.size() - 1) {
      bytes /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units.get(unit));
  }
}
