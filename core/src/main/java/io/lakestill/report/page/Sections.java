package io.lakestill.report.page;

import io.lakestill.report.Scorecard;
import java.util.ArrayList;
import java.util.List;

/** The parts of the page below its headline; a part without anything to show is left out. */
final class Sections {
  private final Scorecard card;
  private final boolean compared;
  private final boolean twin;
  private final boolean manySeeds;
  private final List<Element> sections = new ArrayList<>();

  private Sections(Scorecard card) {
    this.card = card;
    this.twin = card.scratch().isPresent();
    this.compared = twin || card.teacher().isPresent();
    this.manySeeds = card.seeds().size() > 1;
  }

  static List<Element> of(Scorecard card) {
    Sections page = new Sections(card);
    page.results();
    page.student();
    page.background();
    return page.sections;
  }

  private void results() {
    add(
        compared ? "The models compared" : "The student\u2019s measures",
        compared
            ? "Bold is the best value of its row."
                + (twin ? " Student and scratch are the same network." : "")
            : "What each measure means stands at the end of this page.",
        ComparisonTable.of(card));
    if (card.teacher().filter(teacher -> teacher.parameters() > 0).isPresent()) {
      add(
          "Size and accuracy",
          "Up is better, left is smaller. Distillation is worth its name when the student stands"
              + " far to the left of the teacher"
              + (twin ? " and above scratch." : "."),
          SizeChart.of(card));
    }
    if (manySeeds) {
      add(
          "Seed by seed",
          (twin
                  ? "Each line is one seed: the student and its twin started from the same numbers"
                      + " and saw the same rows."
                  : "Each line is one seed.")
              + " The bar around a mean reaches one standard deviation to either side.",
          SeedChart.of(card));
    }
  }

  private void student() {
    if (!card.curves().isEmpty()) {
      add(
          "Training",
          "Accuracy on the validation rows after each epoch. A mark shows the epoch that was kept."
              + (manySeeds
                  ? " Strong lines are the models in the table above, faint ones those of the other"
                      + " seeds."
                  : ""),
          CurveChart.of(card));
    }
    add(
        "Calibration",
        "How often a model is right, in %, when it is how sure. A bar that ends on the diagonal is"
            + " as right as it says; below, the model is too sure of itself, above, too modest. The"
            + " lower bars count the rows behind each.",
        ReliabilityChart.of(card));
    add(
        "The student\u2019s mistakes",
        "Rows are what it was, columns what the student said. Blue is right, orange is wrong; the"
            + " stronger the colour, the larger the part of the row.",
        ConfusionChart.of(card));
  }

  private void background() {
    if (!card.gates().isEmpty()) {
      add("Gates", "What the recipe asks of the result before it may be used.", GateList.of(card));
    }
    add("Provenance", "What this page was made from.", ProvenanceTable.of(card));
    add("How to read this page", "Each word in a line.", Guide.of(card));
  }

  private void add(String title, String lead, Element content) {
    String id = "section-" + (sections.size() + 1);
    Element aside =
        Element.of(
            "div",
            Element.text("h2", title).with("id", id),
            Element.text("p", lead).with("class", "lead"));
    sections.add(
        Element.of("section", aside, Element.of("div", content).with("class", "content"))
            .with("aria-labelledby", id));
  }
}
