package io.lakestill.report.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ElementTest {
  @Test
  void escapesTextAndAttributes() {
    String html =
        Element.text("b", "</b><script>alert('1')</script> & co")
            .with("title", "\" onload=\"x")
            .render();

    assertThat(html)
        .isEqualTo(
            "<b title=\"&quot; onload=&quot;x\">&lt;/b&gt;&lt;script&gt;alert('1')&lt;/script&gt;"
                + " &amp; co</b>");
  }

  @Test
  void replacesControlCharacters() {
    assertThat(Element.text("b", "a\u0000b\u001bc\nd").render())
        .isEqualTo("<b>a\uFFFDb\uFFFDc\nd</b>");
  }

  @Test
  void keepsTheOrderOfTextAndChildren() {
    Element element = Element.of("p").say("one ").add(Element.text("em", "two")).say(" three");

    assertThat(element.render()).isEqualTo("<p>one <em>two</em> three</p>\n");
  }

  @Test
  void closesAllButVoidElements() {
    assertThat(Element.of("i", Element.of("br"), Element.of("circle").with("r", 2.5)).render())
        .isEqualTo("<i><br><circle r=\"2.5\"></circle></i>");
  }

  @Test
  void styleSheetCannotCloseItsElement() {
    assertThat(Element.text("style", "p { font: \"A\" }").render())
        .isEqualTo("<style>p { font: \"A\" }</style>");
    assertThatThrownBy(() -> Element.text("style", "p {} </style>").render())
        .hasMessage("a style sheet must not hold <, > or &");
  }
}
