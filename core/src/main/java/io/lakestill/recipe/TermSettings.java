package io.lakestill.recipe;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One weighted term of a student's loss.
 *
 * <pre>
 * { type = kd-kl, weight = 0.9, temperature { schedule = cosine, from = 8, to = 2 } }
 * { type = kd-kl, weight = "margin", where = "entropy &lt; 1.2" }
 * { type = fitnet-hint, student { map = map_conv2 }, teacher { map = stage3 } }
 * { type = cosine-embedding, project = [embedding] }
 * </pre>
 *
 * @param type the objective's registered name, such as {@code kd-kl}
 * @param weight what its loss and gradient are multiplied by, never negative
 * @param rowWeight SQL over the signal table's columns: what each row's loss is weighted by
 * @param where SQL over the signal table's columns: the rows that the term sees
 * @param bindings the objective's name of an input, such as {@code student.map}, to the recipe's,
 *     such as {@code student.map_conv2}
 * @param projected the student's inputs that go through a learnable linear map to the channels of
 *     the teacher's of the same name
 * @param options the whole section with its defaults; the objective reads its own keys
 */
public record TermSettings(
    String type,
    Schedule weight,
    Optional<String> rowWeight,
    Optional<String> where,
    Map<String, String> bindings,
    List<String> projected,
    Settings options) {
  public TermSettings {
    projected = List.copyOf(projected);
    bindings = Collections.unmodifiableMap(new TreeMap<>(bindings));
    if (weight.smallest() < 0) {
      throw new IllegalArgumentException("weight must not be negative, is " + weight.smallest());
    }
  }

  /** A term of constant weight over all rows, whose inputs have the names its objective gives. */
  public TermSettings(String type, double weight, Settings options) {
    this(
        type,
        Schedule.of(weight),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        List.of(),
        options);
  }

  /** Reads what any term has; unknown keys are the objective's to refuse. */
  static Optional<TermSettings> read(Settings settings) {
    String type = settings.text("type");
    Settings options = settings.withDefaults("objective." + type).withDefaults("term");
    options.text("type");
    Optional<String> rowWeight = rowWeight(options);
    Schedule weight = options.isText("weight") ? Schedule.of(1) : options.schedule("weight");
    Optional<String> where = options.optionalText("where");
    Map<String, String> bindings = new TreeMap<>();
    bind(options, "student", bindings);
    bind(options, "teacher", bindings);
    List<String> projected = options.has("project") ? options.texts("project") : List.of();
    if (weight.smallest() < 0) {
      options.problem("weight", "must not be negative, is " + weight.smallest());
      return Optional.empty();
    }
    return type.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new TermSettings(type, weight, rowWeight, where, bindings, projected, options));
  }

  /** A text as {@code weight} weighs rows, as {@code row-weight} does beside a number. */
  private static Optional<String> rowWeight(Settings options) {
    Optional<String> beside = options.optionalText("row-weight");
    if (!options.isText("weight")) {
      return beside;
    }
    if (beside.isPresent()) {
      options.problem(
          "row-weight",
          "weighs the rows, and so does weight = '%s'; make weight a number or leave one out"
              .formatted(options.text("weight")));
    }
    return Optional.of(options.text("weight"));
  }

  private static void bind(Settings options, String side, Map<String, String> bindings) {
    if (options.has(side)) {
      bind(options.section(side), side + ".", side, bindings);
    }
  }

  /** Sections within are one name, its parts joined by dots: {@code map.1} is {@code "map.1"}. */
  private static void bind(
      Settings section, String prefix, String side, Map<String, String> bindings) {
    for (String key : section.keys()) {
      if (section.isSection(key)) {
        bind(section.section(key), prefix + key + ".", side, bindings);
      } else {
        String name = section.text(key);
        if (name.contains("*") || key.contains("*")) {
          section.problem(key, "must bind a single input to a single name, without *");
        }
        bindings.put(prefix + key, side + "." + name);
      }
    }
  }
}
