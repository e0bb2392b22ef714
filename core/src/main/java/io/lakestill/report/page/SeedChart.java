package io.lakestill.report.page;

import io.lakestill.recipe.ModelRole;
import io.lakestill.report.AcrossSeeds;
import io.lakestill.report.Scorecard;
import io.lakestill.report.SeedScore;
import io.lakestill.report.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** One line per seed: the student's accuracy and its twin's, and their means below. */
final class SeedChart {
  private static final double ROW = 26;
  private static final double TOP = 12;
  private static final double LEFT = 80;
  private static final double RIGHT = 452;

  private final Scorecard card;
  private final AcrossSeeds across;
  private final Scale x;

  private SeedChart(Scorecard card, Ticks ticks) {
    this.card = card;
    this.across = card.acrossSeeds();
    this.x = new Scale(ticks.low(), ticks.high(), LEFT, RIGHT);
  }

  static Element of(Scorecard card) {
    Ticks ticks = ticks(card);
    return Element.of(
        "figure",
        Roles.legend(
            card.scratch().isPresent()
                ? List.of(ModelRole.STUDENT, ModelRole.SCRATCH)
                : List.of(ModelRole.STUDENT)),
        new SeedChart(card, ticks).picture(ticks),
        table(card).folded());
  }

  private Element picture(Ticks ticks) {
    double bottom = TOP + ROW * (card.perSeed().size() + 1) + 8;
    Axes axes = new Axes(LEFT, TOP - 6, RIGHT, bottom);
    Element svg =
        Svg.picture(
            "seeds",
            480,
            bottom + 46,
            "Accuracy with each seed",
            "One line per seed with a mark for each model, and the means with their spread in the"
                + " last line; the table below has the figures.");
    svg.add(axes.percentColumns(ticks, x)).add(axes.nameBelow("Accuracy on the test rows"));
    double y = TOP + ROW / 2;
    for (SeedScore seed : card.perSeed()) {
      svg.add(Svg.label("tick", LEFT - 14, y + 4, "end", "Seed " + seed.seed())).add(row(seed, y));
      y += ROW;
    }
    y += 6;
    svg.add(Svg.line("rule", 0, y - ROW / 2 - 2, RIGHT, y - ROW / 2 - 2));
    svg.add(Svg.label("name", LEFT - 14, y + 4, "end", "Mean"));
    double below = y + 5;
    double above = y - 5;
    across.twin().ifPresent(twin -> svg.add(mean(ModelRole.SCRATCH, twin.scratch(), below)));
    return svg.add(mean(ModelRole.STUDENT, across.student(), above));
  }

  private List<Element> row(SeedScore seed, double y) {
    List<Element> parts = new ArrayList<>();
    double student = x.position(seed.student().accuracy());
    seed.scratch()
        .ifPresent(
            measures -> {
              double twin = x.position(measures.accuracy());
              parts.add(Svg.line("link", twin, y, student, y));
              parts.add(Svg.marker(ModelRole.SCRATCH, twin, y, 5.5));
            });
    parts.add(Svg.marker(ModelRole.STUDENT, student, y, 5.5));
    return parts;
  }

  /** The mean, with a bar one standard deviation to either side. */
  private List<Element> mean(ModelRole role, Spread spread, double y) {
    List<Element> parts = new ArrayList<>();
    double deviation = spread.standardDeviation().orElse(0.0);
    double from = Math.max(x.low(), spread.mean() - deviation);
    double to = Math.min(x.high(), spread.mean() + deviation);
    parts.add(Svg.line("bar " + role.written(), x.position(from), y, x.position(to), y));
    parts.add(Svg.marker(role, x.position(spread.mean()), y, 4.5));
    return parts;
  }

  private static Ticks ticks(Scorecard card) {
    double[] accuracies =
        card.perSeed().stream()
            .flatMap(seed -> Stream.concat(Stream.of(seed.student()), seed.scratch().stream()))
            .mapToDouble(SeedScore.Measures::accuracy)
            .toArray();
    return Ticks.ofFractions(
        DoubleStream.of(accuracies).min().orElseThrow(),
        DoubleStream.of(accuracies).max().orElseThrow(),
        4);
  }

  private static Table table(Scorecard card) {
    Table table =
        new Table(
            "Accuracy and agreement with each seed",
            List.of(
                "Seed", "Student", "Scratch", "Difference", "Student agrees", "Scratch agrees"));
    for (SeedScore seed : card.perSeed()) {
      table.row(
          String.valueOf(seed.seed()),
          List.of(
              Figures.percent(seed.student().accuracy(), 2),
              seed.scratch().map(twin -> Figures.percent(twin.accuracy(), 2)).orElse("\u2013"),
              seed.difference().map(Figures::signedPoints).orElse("\u2013"),
              agreement(Optional.of(seed.student())),
              agreement(seed.scratch())));
    }
    AcrossSeeds across = card.acrossSeeds();
    table.row(
        "Mean \u00b1 deviation",
        List.of(
            spread(across.student()),
            across.twin().map(twin -> spread(twin.scratch())).orElse("\u2013"),
            across
                .twin()
                .map(twin -> Figures.signedPoints(twin.difference().mean()))
                .orElse("\u2013"),
            "",
            ""));
    return table;
  }

  private static String agreement(Optional<SeedScore.Measures> measures) {
    return measures
        .flatMap(SeedScore.Measures::agreement)
        .map(agreement -> Figures.percent(agreement, 2))
        .orElse("\u2013");
  }

  private static String spread(Spread spread) {
    return Figures.percent(spread.mean(), 2)
        + spread
            .standardDeviation()
            .map(value -> " \u00b1\u00a0" + Figures.fixed(100 * value, 2))
            .orElse("");
  }
}
