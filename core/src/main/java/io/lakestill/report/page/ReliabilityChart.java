package io.lakestill.report.page;

import io.lakestill.metric.ReliabilityBin;
import io.lakestill.recipe.ModelRole;
import io.lakestill.report.ModelScore;
import io.lakestill.report.Scorecard;
import java.util.ArrayList;
import java.util.List;

/** For each model, how often it was right when it was how sure, and how often it was that sure. */
final class ReliabilityChart {
  private static final double WIDTH = 208;
  private static final Axes AXES = new Axes(32, 30, 200, 198);
  private static final Axes COUNTS = new Axes(32, 228, 200, 268);

  private ReliabilityChart() {}

  static Element of(Scorecard card) {
    List<ModelRole> roles = Roles.of(card);
    Element panels = Element.of("div").with("class", "panels");
    for (ModelRole role : roles) {
      card.score(role).ifPresent(score -> panels.add(panel(role, score)));
    }
    return Element.of("figure", panels, table(card, roles).folded());
  }

  private static Element panel(ModelRole role, ModelScore score) {
    String name = Roles.name(role);
    Element svg =
        Svg.picture(
            "reliability-" + role.written(),
            WIDTH,
            312,
            name + ": confidence and accuracy",
            "Bars of accuracy over confidence beside the diagonal of a perfectly calibrated model,"
                + " and below how many test rows each bar stands for; the table below has the"
                + " figures.");
    svg.add(
        Svg.label(
            "name",
            AXES.left(),
            16,
            "start",
            name + " \u00b7 error " + Figures.percent(score.calibrationError())));
    Scale x = new Scale(0, 1, AXES.left(), AXES.right());
    Scale y = new Scale(0, 1, AXES.bottom(), AXES.top());
    for (double tick : new double[] {0, 0.5, 1}) {
      svg.add(Svg.line("grid", AXES.left(), y.position(tick), AXES.right(), y.position(tick)));
      String label = Figures.fixed(100 * tick, 0);
      svg.add(Svg.label("tick", AXES.left() - 7, y.position(tick) + 4, "end", label));
      svg.add(Svg.label("tick", x.position(tick), COUNTS.bottom() + 18, "middle", label));
    }
    svg.add(bars(role, score.reliability(), x, y));
    svg.add(
        Svg.line("diagonal", AXES.left(), AXES.bottom(), AXES.right(), AXES.top()),
        Svg.line("rule", COUNTS.left(), COUNTS.bottom(), COUNTS.right(), COUNTS.bottom()),
        COUNTS.nameBelow("Confidence in %"));
    return svg;
  }

  private static List<Element> bars(ModelRole role, List<ReliabilityBin> bins, Scale x, Scale y) {
    List<Element> parts = new ArrayList<>();
    long most = bins.stream().mapToLong(ReliabilityBin::rows).max().orElse(0);
    for (int i = 0; i < bins.size(); i++) {
      ReliabilityBin bin = bins.get(i);
      if (bin.rows() == 0) {
        continue;
      }
      double left = x.position((double) i / bins.size()) + 0.75;
      double width = x.position((i + 1.0) / bins.size()) - 0.75 - left;
      double top = y.position(bin.accuracy());
      double height = (COUNTS.bottom() - COUNTS.top()) * bin.rows() / most;
      String text =
          "%s at %s confidence on average: %s right"
              .formatted(
                  Figures.counted(bin.rows(), "row"),
                  Figures.percent(bin.meanConfidence()),
                  Figures.percent(bin.accuracy()));
      parts.add(
          Svg.rectangle("column " + role.written(), left, top, width, AXES.bottom() - top)
              .add(Element.text("title", text)));
      parts.add(
          Svg.rectangle("crowd", left, COUNTS.bottom() - height, width, height)
              .add(Element.text("title", text)));
    }
    parts.add(
        Svg.label(
            "tick",
            AXES.left(),
            COUNTS.top() - 6,
            "start",
            "Rows per bar, up to " + Figures.count(most)));
    return parts;
  }

  private static Table table(Scorecard card, List<ModelRole> roles) {
    Table table =
        new Table(
            "The bins of the diagrams; empty ones are left out",
            List.of("Model and bin", "Rows", "Mean confidence", "Right"));
    for (ModelRole role : roles) {
      List<ReliabilityBin> bins = card.score(role).map(ModelScore::reliability).orElse(List.of());
      for (int i = 0; i < bins.size(); i++) {
        ReliabilityBin bin = bins.get(i);
        if (bin.rows() > 0) {
          table.row(
              "%s, %s to %s\u00a0%%"
                  .formatted(
                      Roles.name(role),
                      Figures.fixed(100.0 * i / bins.size(), 0),
                      Figures.fixed(100.0 * (i + 1) / bins.size(), 0)),
              List.of(
                  Figures.count(bin.rows()),
                  Figures.percent(bin.meanConfidence(), 2),
                  Figures.percent(bin.accuracy(), 2)));
        }
      }
    }
    return table;
  }
}
