package io.lakestill.report.page;

import io.lakestill.report.ModelScore;
import io.lakestill.report.Scorecard;

/** The four figures one remembers, large. */
final class KeyFigures {
  private KeyFigures() {}

  static Element of(Scorecard card) {
    ModelScore student = card.student();
    Element figures = Element.of("dl").with("class", "key");
    figures.add(
        figure(
            "Accuracy",
            Figures.percent(student.accuracy()),
            card.teacher()
                .map(teacher -> "teacher " + Figures.percent(teacher.accuracy()))
                .orElse("of " + Figures.counted(card.testRows(), "test row"))));
    student
        .toTeacher()
        .ifPresent(
            distance ->
                figures.add(
                    figure(
                        "Agreement",
                        Figures.percent(distance.agreement()),
                        "same class as the teacher")));
    return figures.add(
        figure(
            "Parameters",
            Figures.count(student.parameters()),
            card.teacher()
                .map(teacher -> ratio((double) student.parameters(), (double) teacher.parameters()))
                .orElse(Figures.bytes(student.bytes()) + " on disk")),
        figure(
            "Rows per second",
            Figures.count(student.rowsPerSecond()),
            card.teacher()
                .map(teacher -> ratio(student.rowsPerSecond(), teacher.rowsPerSecond()))
                .orElse("on " + Figures.counted(card.provenance().machine().cores(), "core"))));
  }

  private static String ratio(double student, double teacher) {
    if (teacher == 0) {
      return "the teacher\u2019s are not known";
    }
    double ratio = student / teacher;
    return ratio < 1
        ? Figures.share(ratio) + " of the teacher\u2019s"
        : Figures.times(ratio) + " times the teacher\u2019s";
  }

  private static Element figure(String name, String value, String note) {
    return Element.of(
        "div",
        Element.text("dt", name),
        Element.text("dd", value).with("class", "value"),
        Element.text("dd", note).with("class", "note"));
  }
}
