package io.lakestill.report.page;

import io.lakestill.report.Confusion;
import io.lakestill.report.Scorecard;
import java.util.List;

/** Which class the student took for which: a heat map, and the mistakes it made most. */
final class ConfusionChart {
  /** Up to here each cell has its count and each class its name. */
  private static final int LEGIBLE = 30;

  /** Beyond this a cell is smaller than a dot on the screen. */
  private static final int VISIBLE = 400;

  /** Up to here the matrix is as narrow as the other pictures. */
  private static final int SMALL = 12;

  private static final int LEVELS = 8;

  private final List<String> classes;
  private final Confusion confusion;

  private ConfusionChart(Scorecard card) {
    this.classes = card.classes();
    this.confusion = card.student().confusion();
  }

  static Element of(Scorecard card) {
    ConfusionChart chart = new ConfusionChart(card);
    Element figure = Element.of("figure");
    if (chart.classes.size() <= LEGIBLE) {
      figure.add(
          Element.of("div", chart.labelled())
              .with("class", "scroll")
              .with("role", "region")
              .with("aria-label", "Confusion matrix")
              .with("tabindex", "0"));
    } else if (chart.classes.size() <= VISIBLE) {
      figure.add(chart.overview());
    } else {
      figure.add(
          Element.text(
              "p",
              "With %s classes a heat map would show nothing; the tables hold what it would."
                  .formatted(Figures.count(chart.classes.size()))));
    }
    return figure.add(chart.mistakes()).add(chart.perClass().folded());
  }

  private Element labelled() {
    int n = classes.size();
    double cell = Math.max(25, Math.min(44, 360.0 / n));
    double left = 122;
    double top = 122;
    double size = n * cell;
    Element svg = picture(Math.max(490, left + size + 8), top + size + 8);
    svg.with("class", n <= SMALL ? "matrix" : "matrix wide");
    svg.add(
        Svg.label("axis", left, 12, "start", "Predicted class"),
        vertical(Svg.label("axis", 12, top, "end", "True class"), 12, top));
    for (int i = 0; i < n; i++) {
      double at = (i + 0.5) * cell;
      String name = Figures.shortened(classes.get(i), 12);
      svg.add(
          Svg.label("tick", left - 8, top + at + 4, "end", name)
              .add(Element.text("title", classes.get(i))));
      svg.add(
          vertical(
              Svg.label("tick", left + at + 4, top - 8, "start", name)
                  .add(Element.text("title", classes.get(i))),
              left + at + 4,
              top - 8));
      for (int j = 0; j < n; j++) {
        svg.add(cell(i, j, left + j * cell, top + i * cell, cell));
      }
    }
    return svg;
  }

  private List<Element> cell(int actual, int predicted, double x, double y, double cell) {
    long count = confusion.count(actual, predicted);
    if (count == 0) {
      return List.of(Svg.rectangle("cell", x, y, cell - 1, cell - 1));
    }
    int level = level(actual, predicted);
    String kind = (actual == predicted ? "right" : "wrong") + " level" + level;
    String text =
        "%s taken for %s: %s of %s"
            .formatted(
                classes.get(actual),
                classes.get(predicted),
                Figures.count(count),
                Figures.counted(confusion.rows(actual), "row"));
    return List.of(
        Svg.rectangle("cell " + kind, x, y, cell - 1, cell - 1).add(Element.text("title", text)),
        Svg.label(
            level > LEVELS / 2 ? "count strong" : "count",
            x + cell / 2 - 0.5,
            y + cell / 2 + 4,
            "middle",
            cell < 35 ? Figures.shortCount((double) count) : Figures.count(count)));
  }

  /** Cells without text; all cells of one shade are one path, which keeps the page light. */
  private Element overview() {
    int n = classes.size();
    double cell = 420.0 / n;
    Element svg = picture(440, 452).with("class", "matrix");
    svg.add(
        Svg.label("axis", 18, 12, "start", "Predicted class"),
        vertical(Svg.label("axis", 12, 22, "end", "True class"), 12, 22),
        Svg.rectangle("cell", 18, 22, 420, 420));
    for (String kind : List.of("right", "wrong")) {
      for (int level = 1; level <= LEVELS; level++) {
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < n; j++) {
            if (kind.equals("right") == (i == j)
                && confusion.count(i, j) > 0
                && level(i, j) == level) {
              path.append('M').append(Figures.plain(18 + j * cell));
              path.append(' ').append(Figures.plain(22 + i * cell));
              String side = Figures.plain(cell);
              path.append('h').append(side).append('v').append(side).append("h-").append(side);
              path.append('z');
            }
          }
        }
        if (!path.isEmpty()) {
          svg.add(
              Element.of("path")
                  .with("class", "cell " + kind + " level" + level)
                  .with("d", path.toString()));
        }
      }
    }
    return svg;
  }

  /** The square root makes rare mistakes visible beside thousands of right answers. */
  private int level(int actual, int predicted) {
    double part = (double) confusion.count(actual, predicted) / confusion.rows(actual);
    return Math.max(1, (int) Math.ceil(LEVELS * Math.sqrt(part)));
  }

  private Element picture(double width, double height) {
    return Svg.picture(
        "confusion",
        width,
        height,
        "The student\u2019s confusion matrix",
        "Rows are true classes, columns predicted ones, darker cells a larger part of the row; the"
            + " tables below have the figures.");
  }

  private Element mistakes() {
    List<Confusion.Mistake> all = confusion.mistakes();
    if (all.isEmpty()) {
      return Element.text("p", "The student made no mistake on the test rows.");
    }
    int shown = Math.min(all.size(), classes.size() > LEGIBLE ? 20 : 6);
    long rest = all.stream().skip(shown).mapToLong(Confusion.Mistake::count).sum();
    Table table =
        new Table(
            "The most frequent mistakes"
                + (rest > 0 ? "; %s not shown".formatted(Figures.counted(rest, "other")) : ""),
            List.of("True class", "Taken for", "Rows", "Of the class"));
    for (Confusion.Mistake mistake : all.subList(0, shown)) {
      table.row(
          classes.get(mistake.actual()),
          List.of(
              classes.get(mistake.predicted()),
              Figures.count(mistake.count()),
              Figures.percent((double) mistake.count() / confusion.rows(mistake.actual()))));
    }
    return table.element().with("class", "scroll mistakes");
  }

  private Table perClass() {
    Table table =
        new Table("The student, class by class", List.of("Class", "Rows", "Right", "Part right"));
    for (int i = 0; i < classes.size(); i++) {
      long rows = confusion.rows(i);
      long right = confusion.count(i, i);
      table.row(
          classes.get(i),
          List.of(
              Figures.count(rows),
              Figures.count(right),
              rows == 0 ? "\u2013" : Figures.percent((double) right / rows)));
    }
    return table;
  }

  private static Element vertical(Element label, double x, double y) {
    return label.with(
        "transform", "rotate(-90 %s %s)".formatted(Figures.plain(x), Figures.plain(y)));
  }
}
