package io.lakestill.report.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.report.Confusion;
import io.lakestill.report.ModelScore;
import io.lakestill.report.SampleScorecards;
import io.lakestill.report.Scorecard;
import io.lakestill.report.SeedScore;
import io.lakestill.report.TeacherDistance;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HeadlineTest {
  private static final int ROWS = 1000;

  @Test
  void saysWhatWasLostAndWon() {
    assertThat(sentence(980, new int[] {960, 962, 964}, new int[] {940, 943, 946}))
        .isEqualTo(
            "The student keeps 98.0 % of the teacher\u2019s accuracy with 4 % of its parameters,"
                + " and beats the same network trained without a teacher by 1.9 points on average,"
                + " on 3 of 3 seeds.");
  }

  @Test
  void doesNotClaimALeadThatSeedsExplain() {
    assertThat(sentence(980, new int[] {960, 930, 964}, new int[] {940, 943, 946}))
        .endsWith(
            ", but does not clearly beat the same network trained without a teacher: it is 0.8"
                + " points ahead on average, on 2 of 3 seeds, which luck with the seeds can"
                + " explain.");
  }

  @Test
  void doesNotClaimALeadFromTwoSeeds() {
    assertThat(sentence(980, new int[] {960, 962}, new int[] {940, 942}))
        .contains("does not clearly beat");
  }

  @Test
  void saysThatItIsBehind() {
    assertThat(sentence(980, new int[] {930, 931, 947}, new int[] {940, 943, 946}))
        .endsWith(
            ", but does not beat the same network trained without a teacher: it is 0.7 points"
                + " behind on average, ahead on 1 of 3 seeds.");
  }

  @Test
  void saysThatItIsLevel() {
    assertThat(sentence(980, new int[] {940, 950}, new int[] {950, 940}))
        .endsWith(
            ", but does not beat the same network trained without a teacher: on average they are"
                + " level, it is ahead on 1 of 2 seeds.");
  }

  @Test
  void saysThatOneSeedWasRun() {
    assertThat(sentence(980, new int[] {960}, new int[] {950}))
        .endsWith(
            ", and with the one seed that was run it is 1.0 point ahead of the same network trained"
                + " without a teacher.");
    assertThat(sentence(980, new int[] {950}, new int[] {960}))
        .contains(", but with the one seed that was run it is 1.0 point behind ");
    assertThat(sentence(980, new int[] {950}, new int[] {950}))
        .contains(", but with the one seed that was run it is only level with ");
    assertThat(Headline.of(card(980, new int[] {960}, new int[] {950})).caution())
        .endsWith("with one seed, a difference of about that size settles nothing.");
  }

  @Test
  void saysThatTheStudentOvertookItsTeacher() {
    assertThat(sentence(950, new int[] {960}, new int[] {950}))
        .startsWith(
            "The student is more accurate than its teacher (96.0 % against 95.0 %) with 4 % of its"
                + " parameters");
    assertThat(sentence(960, new int[] {960}, new int[] {950}))
        .startsWith(
            "The student is as accurate as its teacher (96.0 %) with 4 % of its parameters");
  }

  @Test
  void standardErrorIsThatOfAProportion() {
    assertThat(
            Headline.of(card(980, new int[] {500}, new int[] {500}))
                .caution()
                .replace('\u00a0', ' '))
        .contains("Measured on 1,000 test rows", "by about 1.6 points (one standard error)");
  }

  @Test
  void comparesNothingWithoutATeacher() {
    Headline headline = Headline.of(SampleScorecards.studentOnly());

    assertThat(headline.sentence()).endsWith("so there is no teacher to compare it with.");
    assertThat(headline.caution()).doesNotContain("seed");
  }

  private static String sentence(int teacher, int[] student, int[] scratch) {
    return Headline.of(card(teacher, student, scratch)).sentence().replace('\u00a0', ' ');
  }

  /** Right answers of 1,000 rows, the student's and its twin's for each seed. */
  private static Scorecard card(int teacher, int[] student, int[] scratch) {
    List<SeedScore> seeds = new ArrayList<>();
    for (int i = 0; i < student.length; i++) {
      seeds.add(
          new SeedScore(
              i,
              SeedScore.Measures.of(learner(student[i])),
              Optional.of(SeedScore.Measures.of(learner(scratch[i])))));
    }
    return new Scorecard(
        SampleScorecards.studentOnly().provenance(),
        List.of("yes", "no"),
        ROWS,
        Optional.of(score(teacher, 1000, Optional.empty())),
        learner(student[0]),
        Optional.of(learner(scratch[0])),
        seeds,
        List.of(),
        List.of());
  }

  private static ModelScore learner(int right) {
    return score(right, 40, Optional.of(new TeacherDistance(0.9, 0.1)));
  }

  private static ModelScore score(int right, long parameters, Optional<TeacherDistance> distance) {
    Confusion confusion =
        new Confusion(List.of(List.of((long) right, (long) ROWS - right), List.of(0L, 0L)));
    return new ModelScore(
        (double) right / ROWS, 0.2, 0.01, parameters, 100, 100, distance, confusion, List.of());
  }
}
