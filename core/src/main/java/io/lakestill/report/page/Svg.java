package io.lakestill.report.page;

import io.lakestill.recipe.ModelRole;

/** The parts that every picture is made of. */
final class Svg {
  private Svg() {}

  /**
   * An empty picture of a size in user units; it grows and shrinks with the page.
   *
   * @param id unique on the page; names the elements that screen readers read
   * @param title what it shows, in a few words
   * @param description what can be seen in it, for those who do not see it
   */
  static Element picture(String id, double width, double height, String title, String description) {
    return Element.of("svg")
        .with("viewBox", "0 0 " + Figures.plain(width) + " " + Figures.plain(height))
        .with("role", "img")
        .with("aria-labelledby", id + "-title " + id + "-desc")
        .add(
            Element.text("title", title).with("id", id + "-title"),
            Element.text("desc", description).with("id", id + "-desc"));
  }

  static Element line(String kind, double x1, double y1, double x2, double y2) {
    return Element.of("line")
        .with("class", kind)
        .with("x1", x1)
        .with("y1", y1)
        .with("x2", x2)
        .with("y2", y2);
  }

  static Element rectangle(String kind, double x, double y, double width, double height) {
    return Element.of("rect")
        .with("class", kind)
        .with("x", x)
        .with("y", y)
        .with("width", Math.max(0, width))
        .with("height", Math.max(0, height));
  }

  /**
   * @param anchor start, middle or end
   */
  static Element label(String kind, double x, double y, String anchor, String text) {
    return Element.text("text", text)
        .with("class", kind)
        .with("x", x)
        .with("y", y)
        .with("text-anchor", anchor);
  }

  /** Told apart by shape as well as colour: square, disc, hollow diamond. */
  static Element marker(ModelRole role, double x, double y, double radius) {
    String kind = "mark " + role.written();
    return switch (role) {
      case TEACHER ->
          rectangle(kind, x - radius * 0.9, y - radius * 0.9, 1.8 * radius, 1.8 * radius);
      case STUDENT ->
          Element.of("circle").with("class", kind).with("cx", x).with("cy", y).with("r", radius);
      case SCRATCH -> {
        double r = radius * 1.2;
        yield Element.of("path").with("class", kind).with("d", diamond(x, y, r));
      }
    };
  }

  private static String diamond(double x, double y, double r) {
    return "M%s %sL%s %sL%s %sL%s %sZ"
        .formatted(
            Figures.plain(x),
            Figures.plain(y - r),
            Figures.plain(x + r),
            Figures.plain(y),
            Figures.plain(x),
            Figures.plain(y + r),
            Figures.plain(x - r),
            Figures.plain(y));
  }
}
