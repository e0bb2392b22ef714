package io.lakestill.report.page;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An element of HTML or SVG. Every text and attribute is escaped when it is written; there is no
 * way to write markup as text.
 */
final class Element {
  private static final Set<String> VOID = Set.of("meta", "br", "hr", "col");

  private final String tag;
  private final Map<String, String> attributes = new LinkedHashMap<>();
  private final List<Object> content = new ArrayList<>();

  private Element(String tag) {
    this.tag = tag;
  }

  static Element of(String tag, Element... children) {
    return new Element(tag).add(children);
  }

  /** An element that holds one text. */
  static Element text(String tag, String text) {
    return new Element(tag).say(text);
  }

  Element with(String name, String value) {
    attributes.put(name, value);
    return this;
  }

  /** A length or position, written with up to two decimals. */
  Element with(String name, double value) {
    return with(name, Figures.plain(value));
  }

  Element add(Element... children) {
    return add(List.of(children));
  }

  Element add(List<Element> children) {
    content.addAll(children);
    return this;
  }

  Element say(String text) {
    content.add(text);
    return this;
  }

  String render() {
    StringBuilder out = new StringBuilder();
    render(out);
    return out.toString();
  }

  private void render(StringBuilder out) {
    out.append('<').append(tag);
    attributes.forEach(
        (name, value) ->
            out.append(' ').append(name).append("=\"").append(escape(value)).append('"'));
    out.append('>');
    if (VOID.contains(tag)) {
      return;
    }
    for (Object part : content) {
      if (part instanceof Element child) {
        child.render(out);
      } else if (tag.equals("style")) {
        out.append(styleSheet((String) part));
      } else {
        out.append(escape((String) part));
      }
    }
    out.append("</").append(tag).append('>');
    if (BLOCKS.contains(tag)) {
      out.append('\n');
    }
  }

  private static final Set<String> BLOCKS =
      Set.of(
          "section", "header", "footer", "figure", "svg", "table", "tr", "p", "h1", "h2", "head");

  /** Browsers read no entities inside a style element, so nothing in it may need one. */
  private static String styleSheet(String css) {
    if (css.chars().anyMatch(c -> "<>&".indexOf(c) >= 0)) {
      throw new IllegalArgumentException("a style sheet must not hold <, > or &");
    }
    return css;
  }

  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '"' -> escaped.append("&quot;");
        default -> escaped.append(Character.isISOControl(c) && c != '\n' ? '\uFFFD' : c);
      }
    }
    return escaped.toString();
  }
}
