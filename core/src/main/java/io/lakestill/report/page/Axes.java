package io.lakestill.report.page;

import java.util.ArrayList;
import java.util.List;

/** Grid lines and their labels around a drawing area. */
record Axes(double left, double top, double right, double bottom) {

  /** Horizontal grid lines with fractions written in percent on the left. */
  List<Element> percentRows(Ticks ticks, Scale y) {
    List<Element> parts = new ArrayList<>();
    for (double tick : ticks.values()) {
      double at = y.position(tick);
      parts.add(Svg.line("grid", left, at, right, at));
      parts.add(Svg.label("tick", left - 8, at + 4, "end", percent(tick, ticks)));
    }
    return parts;
  }

  /** Vertical grid lines with fractions written in percent below. */
  List<Element> percentColumns(Ticks ticks, Scale x) {
    List<Element> parts = new ArrayList<>();
    for (double tick : ticks.values()) {
      parts.addAll(column(x.position(tick), percent(tick, ticks)));
    }
    return parts;
  }

  /** One vertical grid line with its label below. */
  List<Element> column(double at, String label) {
    return List.of(
        Svg.line("grid", at, top, at, bottom), Svg.label("tick", at, bottom + 18, "middle", label));
  }

  /** What the horizontal axis measures, under its labels. */
  Element nameBelow(String name) {
    return Svg.label("axis", (left + right) / 2, bottom + 38, "middle", name);
  }

  /** What the vertical axis measures, above its labels. */
  Element nameAbove(String name) {
    return Svg.label("axis", 0, top - 14, "start", name);
  }

  private static String percent(double tick, Ticks ticks) {
    return Figures.fixed(100 * tick, ticks.percentDecimals()) + "\u00a0%";
  }
}
