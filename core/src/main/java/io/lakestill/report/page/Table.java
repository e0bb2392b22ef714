package io.lakestill.report.page;

import java.util.ArrayList;
import java.util.List;

/** A table with a caption, column heads and a head for each row. */
final class Table {
  private final String caption;
  private final List<String> heads;
  private final List<Element> rows = new ArrayList<>();

  Table(String caption, List<String> heads) {
    this.caption = caption;
    this.heads = List.copyOf(heads);
  }

  Table row(String head, List<String> cells) {
    return row(
        Element.text("th", head).with("scope", "row"),
        cells.stream().map(cell -> Element.text("td", cell)).toList());
  }

  Table row(Element head, List<Element> cells) {
    if (cells.size() + 1 != heads.size()) {
      throw new IllegalArgumentException(
          "a row of '%s' needs %d cells, has %d"
              .formatted(caption, heads.size() - 1, cells.size()));
    }
    rows.add(Element.of("tr", head).add(cells));
    return this;
  }

  /** In a frame of its own that scrolls sideways when the page is too narrow. */
  Element element() {
    Element head = Element.of("tr");
    heads.forEach(name -> head.add(Element.text("th", name).with("scope", "col")));
    Element table =
        Element.of(
            "table",
            Element.text("caption", caption),
            Element.of("thead", head),
            Element.of("tbody").add(rows));
    return Element.of("div", table)
        .with("class", "scroll")
        .with("role", "region")
        .with("aria-label", caption)
        .with("tabindex", "0");
  }

  /** Folded away: the same figures as a picture, for those who want or need them as text. */
  Element folded() {
    return Element.of("details", Element.text("summary", "The figures as a table"), element());
  }
}
