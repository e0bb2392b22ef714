package io.lakestill.report.page;

import io.lakestill.report.AcrossSeeds;
import io.lakestill.report.ModelScore;
import io.lakestill.report.Scorecard;

/**
 * The result in words.
 *
 * @param sentence what was lost and won, no stronger than the figures bear
 * @param caution how far to trust it
 */
record Headline(String sentence, String caution) {
  private static final String TWIN = "the same network trained without a teacher";
  private static final double LEVEL = 1e-9;

  static Headline of(Scorecard card) {
    String sentence =
        card.teacher()
            .map(teacher -> againstTeacher(card.student(), teacher) + againstTwin(card) + ".")
            .orElseGet(() -> alone(card));
    return new Headline(sentence, caution(card));
  }

  private static String alone(Scorecard card) {
    if (!card.unmeasured().isEmpty()) {
      return "The student gets %s of %s right%s. Its teacher says nothing of these rows."
          .formatted(
              Figures.percent(card.student().accuracy()),
              Figures.counted(card.testRows(), "test row"),
              againstTwin(card));
    }
    return "The student gets %s of %s right; it learned from labels alone, so there is no teacher to compare it with."
        .formatted(
            Figures.percent(card.student().accuracy()),
            Figures.counted(card.testRows(), "test row"));
  }

  private static String againstTeacher(ModelScore student, ModelScore teacher) {
    String size = size(student.parameters(), teacher.parameters());
    if (student.accuracy() > teacher.accuracy()) {
      return "The student is more accurate than its teacher (%s against %s)%s"
          .formatted(
              Figures.percent(student.accuracy()), Figures.percent(teacher.accuracy()), size);
    }
    if (student.accuracy() == teacher.accuracy()) {
      return "The student is as accurate as its teacher (%s)%s"
          .formatted(Figures.percent(student.accuracy()), size);
    }
    return "The student keeps %s of the teacher\u2019s accuracy%s"
        .formatted(Figures.percent(student.accuracy() / teacher.accuracy()), size);
  }

  private static String size(long student, long teacher) {
    if (teacher == 0) {
      return "";
    }
    double share = (double) student / teacher;
    if (student == teacher) {
      return " with as many parameters";
    }
    return share < 1
        ? " with " + Figures.share(share) + " of its parameters"
        : " with " + Figures.times(share) + " times its parameters";
  }

  private static String againstTwin(Scorecard card) {
    AcrossSeeds seeds = card.acrossSeeds();
    return seeds
        .twin()
        .map(twin -> seeds.seeds() == 1 ? oneSeed(twin) : manySeeds(seeds.seeds(), twin))
        .orElse("");
  }

  private static String oneSeed(AcrossSeeds.Twin twin) {
    double difference = twin.difference().mean();
    if (Math.abs(difference) < LEVEL) {
      return ", but with the one seed that was run it is only level with " + TWIN;
    }
    return difference > 0
        ? ", and with the one seed that was run it is %s ahead of %s"
            .formatted(Figures.points(difference), TWIN)
        : ", but with the one seed that was run it is %s behind %s"
            .formatted(Figures.points(difference), TWIN);
  }

  private static String manySeeds(int seeds, AcrossSeeds.Twin twin) {
    double difference = twin.difference().mean();
    String wins =
        twin.wins() == 0 ? "on no seed" : "on %d of %d seeds".formatted(twin.wins(), seeds);
    if (Math.abs(difference) < LEVEL) {
      return ", but does not beat %s: on average they are level, it is ahead %s"
          .formatted(TWIN, wins);
    }
    String points = Figures.points(difference);
    if (difference < 0) {
      return ", but does not beat %s: it is %s behind on average, ahead %s"
          .formatted(TWIN, points, wins);
    }
    return twin.clearlyAhead(seeds)
        ? ", and beats %s by %s on average, %s".formatted(TWIN, points, wins)
        : ", but does not clearly beat %s: it is %s ahead on average, %s, which luck with the seeds can explain"
            .formatted(TWIN, points, wins);
  }

  /** The standard error counts one row more of each kind, so that a perfect score has one too. */
  private static String caution(Scorecard card) {
    double rows = card.testRows();
    double accuracy = (card.student().accuracy() * rows + 1) / (rows + 2);
    double error = Math.sqrt(accuracy * (1 - accuracy) / (rows + 2));
    String measured =
        "Measured on %s that no model was trained on. Other test rows would move an accuracy by about %s (one standard error)"
            .formatted(Figures.counted(card.testRows(), "test row"), Figures.points(error));
    if (card.seeds().size() > 1) {
      return measured
          + ". The student shown is that of seed %d, the one in the bundle; the comparison across seeds uses all %d."
              .formatted(card.seeds().get(0), card.seeds().size());
    }
    return measured
        + (card.scratch().or(card::teacher).isPresent()
            ? "; with one seed, a difference of about that size settles nothing."
            : ".");
  }
}
