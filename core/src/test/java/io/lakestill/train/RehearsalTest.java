package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Bound;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Objectives;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowFilter;
import io.lakestill.objective.logit.CrossEntropy;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeReader;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class RehearsalTest {
  private static final Map<String, List<Integer>> SHAPES =
      Map.of(
          "student.logits", List.of(5),
          "teacher.logits", List.of(5),
          "student.embedding", List.of(6),
          "teacher.embedding", List.of(9),
          "teacher.sql:entropy < 1", List.of());

  private static Dimensions dimensions() {
    return new Dimensions(8, 20, 5, SHAPES);
  }

  private static Objective objective(String options) {
    Settings settings =
        new Settings(
            ConfigFactory.parseString(options).root(),
            "term",
            RecipeReader.reference().getObject("defaults"),
            new Problems());
    String type = settings.text("type");
    Settings filled = settings.withDefaults("objective." + type).withDefaults("term");
    filled.text("type");
    double weight = filled.number("weight");
    return new Objectives().create(List.of(new TermSettings(type, weight, filled))).orElseThrow();
  }

  @Test
  void hearsWhatTwoWidthsDoNotAllow() {
    assertThat(Rehearsal.complaint(objective("type = cosine-embedding"), dimensions()))
        .hasValueSatisfying(complaint -> assertThat(complaint).contains("embedding", "6", "9"));
  }

  @Test
  void givesHeadsMemoryAndDrawsAsATrainingWould() {
    Objective crd = objective("{ type = crd, negatives = 7, projection-dim = 4 }");

    assertThat(crd.requires().others()).isNotEmpty();
    assertThat(Rehearsal.complaint(crd, dimensions())).isEmpty();
  }

  @Test
  void letsEveryRowFulfilItsConditionAndThenOne() {
    Objective strict = new RowFilter(new NeedsRows(8), "entropy < 1");
    Objective easy = new RowFilter(new NeedsRows(1), "entropy < 1");

    assertThat(Rehearsal.complaint(strict, dimensions()))
        .hasValue("where its condition holds for one row only: needs 8 rows, has 1");
    assertThat(Rehearsal.complaint(easy, dimensions())).isEmpty();
    assertThat(Rehearsal.complaint(new NeedsRows(9), dimensions())).hasValue("needs 9 rows, has 8");
  }

  @Test
  void namesWhatNobodyProvides() {
    assertThat(Rehearsal.complaint(new Bound(new NeedsOwnHead(), Map.of(), 2), dimensions()))
        .hasValueSatisfying(
            complaint ->
                assertThat(complaint)
                    .contains("weight.forgotten/2", "neither a training nor the objective"));
  }

  @Test
  void refusesALossThatIsNoNumber() {
    assertThat(Rehearsal.complaint(new NoNumber(), dimensions())).hasValue("its loss is NaN");
  }

  @Test
  void takesTwoRowsWhereEquipmentDoesNotDependOnThem() {
    Watched watched = new Watched(dimensions -> Equipment.NONE);

    assertThat(Rehearsal.complaint(watched, dimensions())).isEmpty();
    assertThat(watched.most).isEqualTo(2);
  }

  @Test
  void takesAllRowsWhereEquipmentDependsOnThem() {
    Watched watched =
        new Watched(
            dimensions ->
                new Equipment(
                    List.of(),
                    List.of(),
                    List.of(
                        new Draw.Positions("index.chosen", dimensions.rows(), dimensions.rows()))));

    assertThat(Rehearsal.complaint(watched, dimensions())).isEmpty();
    assertThat(watched.most).isEqualTo(8);
  }

  @Test
  void saysWhereAnObjectiveOfOnesOwnFails() {
    assertThat(Rehearsal.complaint(new Fails(), dimensions()))
        .hasValueSatisfying(
            complaint ->
                assertThat(complaint)
                    .startsWith(
                        "it fails with java.lang.UnsupportedOperationException: of its own at ")
                    .contains("Fails.evaluate(RehearsalTest.java:"));
  }

  /** Throws what no contract speaks of. */
  private record Fails() implements Objective {
    @Override
    public Requirements requires() {
      return Requirements.of("student.logits");
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      throw new UnsupportedOperationException("of its own");
    }
  }

  /** Remembers the largest batch it saw. */
  private static final class Watched implements Objective {
    private static final long serialVersionUID = 1L;

    private final transient Function<Dimensions, Equipment> equipment;
    private int most;

    Watched(Function<Dimensions, Equipment> equipment) {
      this.equipment = equipment;
    }

    @Override
    public Requirements requires() {
      return Requirements.of("student.logits");
    }

    @Override
    public Equipment equip(Dimensions dimensions) {
      return equipment.apply(dimensions);
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      most = Math.max(most, batch.rows());
      return 0;
    }
  }

  /** Refuses a batch of fewer rows. */
  private record NeedsRows(int least) implements Objective {
    @Override
    public Requirements requires() {
      return new CrossEntropy().requires();
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      if (batch.rows() < least) {
        throw new IllegalArgumentException("needs %d rows, has %d".formatted(least, batch.rows()));
      }
      return new CrossEntropy().evaluate(batch, gradients);
    }
  }

  /** Requires a head and does not say which. */
  private record NeedsOwnHead() implements Objective {
    @Override
    public Requirements requires() {
      return Requirements.of("student.logits", "weight.forgotten");
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      throw new AssertionError("must not be evaluated without its head");
    }
  }

  /** Breaks the rule that a loss is never NaN. */
  private record NoNumber() implements Objective {
    @Override
    public Requirements requires() {
      return Requirements.of("student.logits");
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      return Double.NaN;
    }
  }
}
