package io.lakestill.report.page;

import io.lakestill.recipe.ModelRole;
import io.lakestill.report.ModelScore;
import io.lakestill.report.Scorecard;
import io.lakestill.report.TeacherDistance;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.Function;

/** Every measure of every model, the best of each row marked. */
final class ComparisonTable {
  /**
   * One row.
   *
   * @param sign +1 when more is better, -1 when less is
   * @param callable the relative difference from which one value counts as better than another
   */
  private record Measure(
      String name,
      Function<ModelScore, Optional<Double>> value,
      int sign,
      double callable,
      DoubleFunction<String> format) {

    boolean isBest(double value, Map<ModelRole, Double> all) {
      return all.values().stream()
          .allMatch(other -> sign * (other - value) <= callable * Math.abs(value));
    }
  }

  private static final List<Measure> MEASURES =
      List.of(
          always("Accuracy", ModelScore::accuracy, 1, v -> Figures.percent(v, 2)),
          always("Cross-entropy", ModelScore::crossEntropy, -1, v -> Figures.fixed(v, 4)),
          always("Calibration error", ModelScore::calibrationError, -1, v -> Figures.percent(v, 2)),
          toTeacher(
              "Agreement with the teacher",
              TeacherDistance::agreement,
              1,
              v -> Figures.percent(v, 2)),
          toTeacher(
              "KL to the teacher", TeacherDistance::klToTeacher, -1, v -> Figures.fixed(v, 4)),
          ofModels("Parameters", score -> (double) score.parameters(), -1, 0, Figures::count),
          ofModels(
              "File size", score -> (double) score.bytes(), -1, 0, v -> Figures.bytes((long) v)),
          // Two timings of one network differ by some percent.
          ofModels("Rows per second", ModelScore::rowsPerSecond, 1, 0.1, Figures::count));

  private ComparisonTable() {}

  static Element of(Scorecard card) {
    List<ModelRole> roles = Roles.of(card);
    List<String> heads = new ArrayList<>(List.of("Measure"));
    roles.forEach(role -> heads.add(Roles.name(role)));
    Table table =
        new Table(roles.size() == 1 ? "On the test rows" : "On the same test rows", heads);
    MEASURES.forEach(measure -> row(table, measure, card, roles));
    return table.element().with("class", "scroll comparison");
  }

  private static void row(Table table, Measure measure, Scorecard card, List<ModelRole> roles) {
    Map<ModelRole, Double> values = new EnumMap<>(ModelRole.class);
    for (ModelRole role : roles) {
      card.score(role).flatMap(measure.value()).ifPresent(value -> values.put(role, value));
    }
    if (values.isEmpty()) {
      return;
    }
    boolean tells = values.values().stream().anyMatch(value -> !measure.isBest(value, values));
    List<Element> cells = new ArrayList<>();
    for (ModelRole role : roles) {
      Double value = values.get(role);
      if (value == null) {
        cells.add(Element.text("td", "\u2013"));
      } else if (tells && measure.isBest(value, values)) {
        Element best = Element.text("strong", measure.format().apply(value));
        cells.add(Element.of("td", best, Element.text("span", " (best)").with("class", "unseen")));
      } else {
        cells.add(Element.text("td", measure.format().apply(value)));
      }
    }
    table.row(Element.text("th", measure.name()).with("scope", "row"), cells);
  }

  private static Measure always(
      String name, Function<ModelScore, Double> value, int sign, DoubleFunction<String> format) {
    return new Measure(name, value.andThen(Optional::of), sign, 0, format);
  }

  /** 0 when nobody knows: of a teacher that is a table. */
  private static Measure ofModels(
      String name,
      Function<ModelScore, Double> value,
      int sign,
      double callable,
      DoubleFunction<String> format) {
    return new Measure(
        name, score -> Optional.of(value.apply(score)).filter(v -> v > 0), sign, callable, format);
  }

  private static Measure toTeacher(
      String name,
      Function<TeacherDistance, Double> value,
      int sign,
      DoubleFunction<String> format) {
    return new Measure(name, score -> score.toTeacher().map(value), sign, 0, format);
  }
}
