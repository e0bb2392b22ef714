package io.lakestill.report.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.report.SampleScorecards;
import io.lakestill.report.Scorecard;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

class ScorecardPageTest {
  private static final List<Scorecard> SAMPLES =
      List.of(
          SampleScorecards.fiveSeeds(),
          SampleScorecards.studentOnly(),
          SampleScorecards.manyClasses(26),
          SampleScorecards.manyClasses(100),
          SampleScorecards.manyClasses(401),
          SampleScorecards.named("<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>"));

  static List<Scorecard> samples() {
    return SAMPLES;
  }

  @ParameterizedTest
  @MethodSource("samples")
  void refersToNothingOutsideItself(Scorecard card) {
    assertThat(ScorecardPage.html(card))
        .doesNotContain("<script", "<img", "<link", "<iframe", " src=\"", "href", "url(", "@import")
        .doesNotContainPattern("https?://|javascript:")
        .doesNotContainPattern("<[^>]* on[a-z]+=\"")
        .doesNotContainPattern("<[^>]* style=\"");
  }

  @ParameterizedTest
  @MethodSource("samples")
  void policyAllowsItsOwnStyleAndNothingElse(Scorecard card) throws NoSuchAlgorithmException {
    String html = ScorecardPage.html(card);
    String style = between(html, "<style>", "</style>");
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(style.getBytes(StandardCharsets.UTF_8));

    assertThat(html)
        .contains(
            "content=\"default-src 'none'; style-src 'sha256-"
                + Base64.getEncoder().encodeToString(hash)
                + "'; base-uri 'none'; form-action 'none'\"");
  }

  @ParameterizedTest
  @MethodSource("samples")
  void isWellFormedWithUniqueIdsAndExistingReferences(Scorecard card) throws Exception {
    Document page = parsed(ScorecardPage.html(card));
    List<String> ids = new ArrayList<>();
    List<String> references = new ArrayList<>();
    for (Element element : all(page, "*")) {
      if (element.hasAttribute("id")) {
        ids.add(element.getAttribute("id"));
      }
      if (element.hasAttribute("aria-labelledby")) {
        references.addAll(List.of(element.getAttribute("aria-labelledby").split(" ")));
      }
    }

    assertThat(ids).doesNotHaveDuplicates().containsAll(references);
  }

  @ParameterizedTest
  @MethodSource("samples")
  void everyPictureIsSaidInWordsOrDecorative(Scorecard card) throws Exception {
    for (Element svg : all(parsed(ScorecardPage.html(card)), "svg")) {
      boolean decorative = svg.getAttribute("aria-hidden").equals("true");
      assertThat(decorative || all(svg, "desc").size() == 1).isTrue();
      assertThat(svg.getAttribute("viewBox")).matches("0 0 [0-9.]+ [0-9.]+");
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void everyNumberInAPictureIsFinite(Scorecard card) {
    assertThat(ScorecardPage.html(card)).doesNotContain("NaN", "Infinity");
  }

  @ParameterizedTest
  @MethodSource("samples")
  void everyMarkLiesInsideItsPicture(Scorecard card) throws Exception {
    for (Element svg : all(parsed(ScorecardPage.html(card)), "svg")) {
      String[] box = svg.getAttribute("viewBox").split(" ");
      for (Element circle : all(svg, "circle")) {
        assertThat(Double.parseDouble(circle.getAttribute("cx")))
            .isBetween(0.0, Double.parseDouble(box[2]));
        assertThat(Double.parseDouble(circle.getAttribute("cy")))
            .isBetween(0.0, Double.parseDouble(box[3]));
      }
    }
  }

  @Test
  void showsClassNamesAsTheyAreWritten() throws Exception {
    String name = "<script>alert(1)</script>";
    Document page = parsed(ScorecardPage.html(SampleScorecards.named(name, "b & \"c\"")));

    assertThat(all(page, "title")).extracting(Element::getTextContent).contains(name, "b & \"c\"");
    assertThat(all(page, "script")).isEmpty();
  }

  @Test
  void everyCountOfTheConfusionIsOnThePage() throws Exception {
    Scorecard card = SampleScorecards.fiveSeeds();
    Document page = parsed(ScorecardPage.html(card));
    long shown =
        all(page, "text").stream()
            .filter(text -> text.getAttribute("class").startsWith("count"))
            .mapToLong(text -> Long.parseLong(text.getTextContent()))
            .sum();

    assertThat(shown).isEqualTo(card.testRows());
  }

  @Test
  void saysWhichGateFailedAndByHowMuch() {
    String html = ScorecardPage.html(SampleScorecards.fiveSeeds());
    String accuracy = Figures.value(SampleScorecards.fiveSeeds().student().accuracy());

    assertThat(html)
        .contains("Refused: 1 of 3\u00a0gates does not hold")
        .contains("Does not hold: " + accuracy + " is not at least 0.95.")
        .contains("Holds: 2,410 is at most 6,148.2.");
  }

  @Test
  void leavesOutWhatWasNotMeasured() {
    String html = ScorecardPage.html(SampleScorecards.studentOnly());

    assertThat(html).doesNotContain("Scratch", "Agreement", "Seed by seed", "Size and accuracy");
    assertThat(html).contains("No gates were set");
  }

  @Test
  void marksTheBestValueOfARowAndNoneWhenAllAreLevel() {
    String html = ScorecardPage.html(SampleScorecards.named("a", "b"));

    assertThat(row(html, "Parameters"))
        .contains("<td>61,482</td>", "<td><strong>2,410</strong>")
        .doesNotContain("<strong>61,482");
    assertThat(row(ScorecardPage.html(SampleScorecards.studentOnly()), "Accuracy"))
        .doesNotContain("<strong>");
  }

  @Test
  void namesTheMistakesThatAreTooManyToList() {
    Scorecard card = SampleScorecards.manyClasses(100);
    long mistakes =
        card.student().confusion().mistakes().stream().mapToLong(mistake -> mistake.count()).sum();
    String caption =
        between(
            ScorecardPage.html(card),
            "<caption>The most frequent mistakes; ",
            " not shown</caption>");
    long rest = Long.parseLong(caption.replaceAll("[^0-9]", ""));
    long listed =
        card.student().confusion().mistakes().stream()
            .limit(20)
            .mapToLong(mistake -> mistake.count())
            .sum();

    assertThat(listed + rest).isEqualTo(mistakes);
  }

  private static String row(String html, String measure) {
    return between(html, "<th scope=\"row\">" + measure + "</th>", "</tr>");
  }

  private static String between(String text, String from, String to) {
    int start = text.indexOf(from);
    assertThat(start).as(from).isNotNegative();
    return text.substring(start + from.length(), text.indexOf(to, start + from.length()));
  }

  private static List<Element> all(org.w3c.dom.Node parent, String tag) {
    NodeList found =
        parent instanceof Document document
            ? document.getElementsByTagName(tag)
            : ((Element) parent).getElementsByTagName(tag);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < found.getLength(); i++) {
      elements.add((Element) found.item(i));
    }
    return elements;
  }

  /** Void elements of HTML are the only thing XML does not allow. */
  private static Document parsed(String html)
      throws ParserConfigurationException, IOException, SAXException {
    String xml =
        Pattern.compile("<(meta|br|hr|col)((?: [^<>]*)?)>")
            .matcher(html.replace("<!DOCTYPE html>", ""))
            .replaceAll(
                (MatchResult tag) ->
                    "<%s%s/>".formatted(tag.group(1), tag.group(2)).replace("$", "\\$"));
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(xml)));
  }
}
