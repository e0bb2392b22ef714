package io.lakestill.report.page;

import io.lakestill.io.Sha256;
import io.lakestill.report.Scorecard;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * A scorecard as one self-contained HTML page. It needs no network and no scripts, and its content
 * security policy forbids both; every text from the data is escaped.
 */
public final class ScorecardPage {
  private static final String STYLE = "scorecard.css";

  private ScorecardPage() {}

  /** The whole file, to be stored as UTF-8. */
  public static String html(Scorecard card) {
    Element main = Element.of("main", header(card)).add(Sections.of(card));
    return "<!DOCTYPE html>\n"
        + Element.of("html", head(card), Element.of("body", main)).with("lang", "en").render()
        + "\n";
  }

  private static Element head(Scorecard card) {
    String style = style();
    return Element.of(
        "head",
        meta("charset", "utf-8"),
        Element.of("meta")
            .with("http-equiv", "Content-Security-Policy")
            .with("content", policy(style)),
        meta("name", "viewport").with("content", "width=device-width, initial-scale=1"),
        meta("name", "color-scheme").with("content", "light dark"),
        Element.text("title", "Scorecard of " + card.provenance().recipe()),
        Element.text("style", style));
  }

  private static Element meta(String name, String value) {
    return Element.of("meta").with(name, value);
  }

  /** Nothing may be loaded or run; of styles only the one that was put here, known by its hash. */
  private static String policy(String style) {
    byte[] hash = Sha256.digest().digest(style.getBytes(StandardCharsets.UTF_8));
    return "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'"
        .formatted(Base64.getEncoder().encodeToString(hash));
  }

  private static Element header(Scorecard card) {
    Headline headline = Headline.of(card);
    String above =
        "Scorecard \u00b7 %s \u00b7 %s"
            .formatted(card.provenance().recipe(), ProvenanceTable.day(card));
    return Element.of(
        "header",
        Element.text("p", above).with("class", "above"),
        Element.text("h1", headline.sentence()),
        GateList.verdict(card),
        KeyFigures.of(card),
        Element.text("p", headline.caution()).with("class", "caution"));
  }

  private static String style() {
    try (InputStream in = ScorecardPage.class.getResourceAsStream(STYLE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + STYLE + " from the application jar", e);
    }
  }
}
