package io.lakestill.report.page;

import io.lakestill.report.Scorecard;

/** One line on each word and measure of the page, for a person who has read nothing else. */
final class Guide {
  private Guide() {}

  static Element of(Scorecard card) {
    Element list = Element.of("dl").with("class", "facts");
    if (card.teacher().isPresent()) {
      line(list, "Teacher", "The large model that the student learned to imitate.");
    }
    line(list, "Student", "The small model this page is about; it is the one in the bundle.");
    if (card.scratch().isPresent()) {
      line(
          list,
          "Scratch",
          "The student\u2019s twin: same network, seed, examples and number of passes, but trained"
              + " without the teacher. What the student is better by is what distillation"
              + " brought.");
    }
    line(
        list,
        "Seed",
        "The start of all that is random in a training. Another seed gives a slightly different"
            + " model, so one seed proves little.");
    line(
        list,
        "Accuracy",
        "The part of the test rows whose class was predicted right. A point is one percent of the"
            + " rows.");
    line(
        list,
        "Cross-entropy",
        "How surprised the model is by the true classes, in nats; 0 would be certain and right"
            + " every time.");
    line(
        list,
        "Calibration error",
        "How far the model\u2019s confidence is from how often it is right, on average; 0 would be"
            + " perfectly honest.");
    if (card.teacher().isPresent()) {
      line(
          list,
          "Agreement",
          "The part of the test rows on which the model predicts the same class as the teacher,"
              + " right or wrong.");
      line(
          list,
          "KL to the teacher",
          "How far the model\u2019s probabilities are from the teacher\u2019s, in nats; 0 would be"
              + " the same.");
    }
    line(
        list,
        "Parameters",
        "How many numbers were learned; they set the size of the file and the memory the model"
            + " needs.");
    line(
        list,
        "Rows per second",
        "How many rows the model scores in a second on the machine named above. Compare within this"
            + " page only.");
    line(list, "Gate", "A condition of the recipe that the result must meet to be accepted.");
    return list;
  }

  private static void line(Element list, String word, String meaning) {
    list.add(Element.of("div", Element.text("dt", word), Element.text("dd", meaning)));
  }
}
