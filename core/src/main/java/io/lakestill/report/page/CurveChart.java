package io.lakestill.report.page;

import io.lakestill.recipe.ModelRole;
import io.lakestill.report.Scorecard;
import io.lakestill.report.TrainingCurve;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/** Validation accuracy over epochs of every training; the epoch that was kept is marked. */
final class CurveChart {
  private static final Axes AXES = new Axes(58, 32, 464, 240);

  private CurveChart() {}

  static Element of(Scorecard card) {
    List<ModelRole> trained =
        Arrays.stream(ModelRole.values())
            .filter(role -> card.curves().stream().anyMatch(curve -> curve.role() == role))
            .toList();
    return Element.of("figure", Roles.legend(trained), picture(card), table(card).folded());
  }

  private static Element picture(Scorecard card) {
    double[] accuracies =
        card.curves().stream()
            .flatMap(curve -> curve.epochs().stream())
            .mapToDouble(TrainingCurve.Epoch::validationAccuracy)
            .toArray();
    int last =
        card.curves().stream()
            .flatMap(curve -> curve.epochs().stream())
            .mapToInt(TrainingCurve.Epoch::epoch)
            .max()
            .orElseThrow();
    Ticks ticks =
        Ticks.ofFractions(
            DoubleStream.of(accuracies).min().orElseThrow(),
            DoubleStream.of(accuracies).max().orElseThrow(),
            5);
    Scale x = new Scale(0, last, AXES.left(), AXES.right());
    Scale y = new Scale(ticks.low(), ticks.high(), AXES.bottom(), AXES.top());
    Element svg =
        Svg.picture(
            "curves",
            480,
            290,
            "Validation accuracy over the training",
            "One line per training over its epochs, with a mark at the epoch that was kept; the"
                + " table below has the figures.");
    svg.add(AXES.nameAbove("Validation accuracy"), AXES.nameBelow("Epoch"));
    svg.add(AXES.percentRows(ticks, y));
    for (double epoch : Ticks.enclosing(0, last, Math.min(last, 6)).values()) {
      if (epoch <= last) {
        svg.add(AXES.column(x.position(epoch), Figures.count(epoch)));
      }
    }
    // The bundle's own trainings last, over the others.
    long first = card.seeds().get(0);
    card.curves().stream()
        .filter(curve -> curve.seed() != first)
        .forEach(curve -> svg.add(line(curve, x, y, "curve other")));
    card.curves().stream()
        .filter(curve -> curve.seed() == first)
        .forEach(curve -> svg.add(line(curve, x, y, "curve")));
    return svg;
  }

  private static List<Element> line(TrainingCurve curve, Scale x, Scale y, String kind) {
    StringBuilder path = new StringBuilder();
    List<Element> parts = new ArrayList<>();
    for (TrainingCurve.Epoch epoch : curve.epochs()) {
      path.append(path.isEmpty() ? 'M' : 'L')
          .append(Figures.plain(x.position(epoch.epoch())))
          .append(' ')
          .append(Figures.plain(y.position(epoch.validationAccuracy())));
    }
    parts.add(
        Element.of("path")
            .with("class", kind + " " + curve.role().written())
            .with("d", path.toString()));
    curve.epochs().stream()
        .filter(epoch -> epoch.epoch() == curve.keptEpoch())
        .forEach(
            epoch ->
                parts.add(
                    Svg.marker(
                        curve.role(),
                        x.position(epoch.epoch()),
                        y.position(epoch.validationAccuracy()),
                        kind.equals("curve") ? 5 : 3)));
    return parts;
  }

  private static Table table(Scorecard card) {
    Table table =
        new Table(
            "Every training; losses of different models are different sums and do not compare",
            List.of("Training", "Epochs", "Kept", "Accuracy when kept", "First loss", "Last loss"));
    for (TrainingCurve curve : card.curves()) {
      List<TrainingCurve.Epoch> epochs = curve.epochs();
      double kept =
          epochs.stream()
              .filter(epoch -> epoch.epoch() == curve.keptEpoch())
              .findFirst()
              .orElseThrow()
              .validationAccuracy();
      table.row(
          Roles.name(curve.role()) + ", seed " + curve.seed(),
          List.of(
              String.valueOf(epochs.size()),
              String.valueOf(curve.keptEpoch()),
              Figures.percent(kept, 2),
              Figures.fixed(epochs.get(0).loss(), 4),
              Figures.fixed(epochs.get(epochs.size() - 1).loss(), 4)));
    }
    return table;
  }
}
