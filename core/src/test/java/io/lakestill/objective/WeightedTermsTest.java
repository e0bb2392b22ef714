package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.WeightedTerms.Term;
import io.lakestill.objective.logit.CrossEntropy;
import io.lakestill.objective.logit.KdKl;
import io.lakestill.recipe.Progress;
import io.lakestill.recipe.Schedule;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WeightedTermsTest {
  private static final Set<String> LOGITS = Set.of("student.logits");
  private static final Batch BATCH = RandomBatch.ofLogits(7, 4, 3, 2);

  private static WeightedTerms mixture() {
    return new WeightedTerms(
        List.of(
            new Term("cross-entropy", 0.1, new CrossEntropy()),
            new Term("kd-kl", 0.9, new KdKl(4))));
  }

  @Test
  void lossAndGradientAreTheWeightedSum() {
    Gradients hard = Gradients.of(BATCH, LOGITS);
    Gradients soft = Gradients.of(BATCH, LOGITS);
    double hardLoss = new CrossEntropy().evaluate(BATCH, hard);
    double softLoss = new KdKl(4).evaluate(BATCH, soft);
    Gradients expected = Gradients.of(BATCH, LOGITS);
    expected.add(0.1, hard);
    expected.add(0.9, soft);

    WeightedTerms terms = mixture();
    Gradients gradients = Gradients.of(BATCH, LOGITS);
    double loss = terms.evaluate(BATCH, gradients);

    assertThat(loss).isCloseTo(0.1 * hardLoss + 0.9 * softLoss, within(1e-12));
    assertThat(gradients.of("student.logits").data())
        .isEqualTo(expected.of("student.logits").data());
    assertThat(terms.lossOf(0)).isEqualTo(hardLoss);
    assertThat(terms.lossOf(1)).isEqualTo(softLoss);
    assertThat(terms.gradientNormOf(0)).isEqualTo(hard.norm());
    assertThat(terms.gradientNormOf(1)).isEqualTo(soft.norm());
  }

  @Test
  void aSecondStepStartsFromZero() {
    WeightedTerms terms = mixture();
    Gradients first = Gradients.of(BATCH, LOGITS);
    Gradients second = Gradients.of(BATCH, LOGITS);
    terms.evaluate(BATCH, first);
    terms.evaluate(BATCH, second);
    assertThat(second.of("student.logits").data()).isEqualTo(first.of("student.logits").data());
  }

  @Test
  void unitesWhatItsTermsRequire() {
    Requirements requirements = mixture().requires();
    assertThat(requirements.student()).containsExactly("logits");
    assertThat(requirements.teacher()).containsExactly("logits");
    assertThat(requirements.labels()).isTrue();
    assertThat(requirements.differentiable()).containsExactly("student.logits");
  }

  @Test
  void scratchTwinKeepsTermsWithoutTeacherScaledToOne() {
    WeightedTerms twin = mixture().withoutTeacher();
    assertThat(twin.terms()).extracting(Term::name).containsExactly("cross-entropy");
    assertThat(twin.terms()).extracting(Term::weight).containsExactly(Schedule.of(1));
    assertThat(twin.requires().teacher()).isEmpty();
  }

  @Test
  void scratchTwinOfPureDistillationLearnsFromLabels() {
    WeightedTerms twin =
        new WeightedTerms(
                List.of(
                    new Term("cross-entropy", 0, new CrossEntropy()),
                    new Term("kd-kl", 1, new KdKl(4))))
            .withoutTeacher();
    assertThat(twin.terms()).extracting(Term::name).containsExactly("cross-entropy");
    assertThat(twin.terms()).extracting(Term::weight).containsExactly(Schedule.of(1));
  }

  @Test
  void weightsFollowTheProgressOfTheBatch() {
    Schedule falling = new Schedule.Linear(1, 0.5, Schedule.Span.ALL);
    WeightedTerms terms =
        new WeightedTerms(List.of(new Term("cross-entropy", falling, new CrossEntropy())));
    Batch batch = RandomBatch.ofLogits(7, 4, 3, 2);
    double first = terms.evaluate(batch, Gradients.of(batch, LOGITS));
    batch.progress(new Progress(1, 0.5));
    Gradients gradients = Gradients.of(batch, LOGITS);
    assertThat(terms.evaluate(batch, gradients)).isCloseTo(0.75 * first, within(1e-12));
    assertThat(terms.weightOf(0)).isEqualTo(0.75);
    assertThat(terms.lossOf(0)).isEqualTo(first);
    assertThat(gradients.norm()).isCloseTo(0.75 * terms.gradientNormOf(0), within(1e-6));
  }

  /** Counts its evaluations. */
  private static final class Counting implements Objective {
    private static final long serialVersionUID = 1L;

    private final String[] inputs;
    private int evaluations;

    Counting(String... inputs) {
      this.inputs = inputs;
    }

    @Override
    public Requirements requires() {
      return Requirements.of(inputs);
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      evaluations++;
      gradients.of("student.logits").data()[0] += 1;
      return 3;
    }
  }

  @Test
  void aTermOfWeightZeroIsOffUnlessItRemembers() {
    Schedule later = new Schedule.Step(List.of(0.0, 2.0), List.of(0.5), Schedule.By.PROGRESS);
    Counting plain = new Counting("student.logits");
    Counting remembering = new Counting("student.logits", "state.bank");
    WeightedTerms terms =
        new WeightedTerms(List.of(new Term("a", later, plain), new Term("b", later, remembering)));
    Batch batch = RandomBatch.ofLogits(7, 4, 3, 2);
    Gradients gradients = Gradients.of(batch, LOGITS);

    assertThat(terms.evaluate(batch, gradients)).isZero();

    assertThat(gradients.norm()).isZero();
    assertThat(plain.evaluations).isZero();
    assertThat(remembering.evaluations).isEqualTo(1);
    assertThat(terms.isOff(0)).isTrue();
    assertThat(terms.isOff(1)).isFalse();
    assertThat(terms.lossOf(0)).isZero();
    assertThat(terms.countedOf(0, batch)).isZero();
    assertThat(terms.gradientNormOf(0)).isZero();

    batch.progress(new Progress(1, 0.5));
    assertThat(terms.evaluate(batch, gradients)).isEqualTo(12);
    assertThat(plain.evaluations).isEqualTo(1);
    assertThat(terms.isOff(0)).isFalse();
    assertThat(terms.countedOf(0, batch)).isEqualTo(4);
  }

  @Test
  void weightsOfTheScratchTwinSumToOneAtEveryStep() {
    Schedule rising = new Schedule.Linear(0, 0.5, Schedule.Span.ALL);
    WeightedTerms twin =
        new WeightedTerms(
                List.of(
                    new Term("cross-entropy", rising, new CrossEntropy()),
                    new Term("cross-entropy", 0.25, new CrossEntropy()),
                    new Term("kd-kl", 1, new KdKl(4))))
            .withoutTeacher();
    for (double done : new double[] {0, 0.5, 1}) {
      Progress now = new Progress(1, done);
      assertThat(twin.terms().get(0).weight().at(now))
          .isCloseTo(0.5 * done / (0.5 * done + 0.25), within(1e-12));
      assertThat(twin.terms()).hasSize(2);
      assertThat(twin.terms().stream().mapToDouble(term -> term.weight().at(now)).sum())
          .isCloseTo(1, within(1e-12));
    }
  }

  @Test
  void refusesAScheduleThatIsEverNegative() {
    Schedule schedule = new Schedule.Linear(1, -0.5, Schedule.Span.ALL);
    assertThatThrownBy(() -> new Term("kd-kl", schedule, new KdKl(4)))
        .hasMessage("weight must not be negative, is -0.5");
  }

  @Test
  void aSerialisedCopyGivesTheSameNumbers() throws IOException, ClassNotFoundException {
    WeightedTerms terms = mixture();
    double loss = terms.evaluate(BATCH, Gradients.of(BATCH, LOGITS));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(terms);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      WeightedTerms copy = (WeightedTerms) in.readObject();
      assertThat(copy.evaluate(BATCH, Gradients.of(BATCH, LOGITS))).isEqualTo(loss);
    }
  }

  @Test
  void refusesNegativeWeight() {
    assertThatThrownBy(() -> new Term("kd-kl", -0.5, new KdKl(4)))
        .hasMessage("weight must not be negative, is -0.5");
  }
}
