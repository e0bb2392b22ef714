package io.lakestill.report.page;

import io.lakestill.recipe.ModelRole;
import io.lakestill.report.ModelScore;
import io.lakestill.report.Scorecard;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Accuracy over parameters, the latter on a logarithmic axis. */
final class SizeChart {
  private static final double WIDTH = 480;
  private static final double HEIGHT = 290;
  private static final Axes AXES = new Axes(58, 32, 464, 240);
  private static final double LABEL_GAP = 20;

  /** A model and where it lies. */
  private record Point(ModelRole role, double x, double y, double accuracy) {}

  private SizeChart() {}

  static Element of(Scorecard card) {
    List<ModelRole> roles = Roles.of(card);
    List<ModelScore> scores = roles.stream().flatMap(role -> card.score(role).stream()).toList();
    Ticks accuracies =
        Ticks.ofFractions(
            scores.stream().mapToDouble(ModelScore::accuracy).min().orElseThrow(),
            scores.stream().mapToDouble(ModelScore::accuracy).max().orElseThrow(),
            4);
    List<Long> sizes = scores.stream().map(score -> Math.max(1, score.parameters())).toList();
    double low = Math.floor(Math.log10(sizes.stream().min(Long::compare).orElseThrow()) - 0.1);
    double high = Math.ceil(Math.log10(sizes.stream().max(Long::compare).orElseThrow()) + 0.1);
    Scale x = new Scale(low, high, AXES.left(), AXES.right());
    Scale y = new Scale(accuracies.low(), accuracies.high(), AXES.bottom(), AXES.top());
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < roles.size(); i++) {
      double accuracy = scores.get(i).accuracy();
      points.add(
          new Point(
              roles.get(i), x.position(Math.log10(sizes.get(i))), y.position(accuracy), accuracy));
    }
    Element svg =
        Svg.picture(
            "size",
            WIDTH,
            HEIGHT,
            "Size and accuracy",
            "Accuracy of each model over its number of parameters; the table of measures has the"
                + " figures.");
    svg.add(
        AXES.nameAbove("Accuracy"), AXES.nameBelow("Parameters (each step is ten times the last)"));
    svg.add(AXES.percentRows(accuracies, y));
    for (double power = low; power <= high; power++) {
      svg.add(AXES.column(x.position(power), Figures.shortCount(Math.pow(10, power))));
    }
    // From the last to the first, so that the student lies over its hollow twin.
    for (int i = points.size() - 1; i >= 0; i--) {
      Point point = points.get(i);
      svg.add(Svg.marker(point.role(), point.x(), point.y(), 6.5));
    }
    return Element.of("figure", svg.add(labels(points)));
  }

  /** Beside each mark on the side that has room, pushed apart where they would overlap. */
  private static List<Element> labels(List<Point> points) {
    List<Element> labels = new ArrayList<>();
    double lastLeft = Double.NEGATIVE_INFINITY;
    double lastRight = Double.NEGATIVE_INFINITY;
    for (Point point : points.stream().sorted(Comparator.comparingDouble(Point::y)).toList()) {
      boolean left = point.x() > (AXES.left() + AXES.right()) / 2;
      double y = Math.max(point.y() + 4, (left ? lastLeft : lastRight) + LABEL_GAP);
      labels.add(
          Svg.label(
              "name",
              left ? point.x() - 13 : point.x() + 13,
              y,
              left ? "end" : "start",
              Roles.name(point.role()) + " " + Figures.percent(point.accuracy())));
      if (left) {
        lastLeft = y;
      } else {
        lastRight = y;
      }
    }
    return labels;
  }
}
