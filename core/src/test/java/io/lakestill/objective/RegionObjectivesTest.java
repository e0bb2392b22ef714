package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Equipment.Draw.Positions;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.contrastive.MsdcrdFeatureWise;
import io.lakestill.objective.contrastive.MsdcrdSampleWise;
import io.lakestill.objective.relation.TrgGlobal;
import io.lakestill.objective.relation.TrgInner;
import io.lakestill.objective.relation.TrgLocal;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Settings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The objectives that compare regions of maps, with what they ask a training for. */
class RegionObjectivesTest {
  private static final int ROWS = 3;
  private static final Dimensions SIZES =
      new Dimensions(
          ROWS, 100, 10, Map.of("student.map", List.of(2, 5, 5), "teacher.map", List.of(4, 7, 7)));

  private static Optional<Objective> create(ObjectiveType type, String options, Problems problems) {
    Config reference = ConfigFactory.parseResources("io/lakestill/reference.conf");
    ConfigObject section = ConfigFactory.parseString(options).root();
    Settings settings =
        new Settings(section, type.name(), reference.getObject("defaults"), problems)
            .withDefaults("objective." + type.name());
    settings.number("weight");
    return type.create(settings);
  }

  private static Objective create(ObjectiveType type) {
    return create(type, "", new Problems()).orElseThrow();
  }

  static Stream<Arguments> objectivesAndSeeds() {
    return Stream.of(
            new MsdcrdSampleWise.Type(),
            new MsdcrdFeatureWise.Type(),
            new TrgLocal.Type(),
            new TrgGlobal.Type(),
            new TrgInner.Type())
        .flatMap(
            type -> Stream.of(21L, 22L).map(seed -> Arguments.of(type.name(), create(type), seed)));
  }

  /** A batch with heads as they start and cells as they are drawn. */
  private static Batch batch(Objective objective, long seed, double spread) {
    SplittableRandom random = new SplittableRandom(seed);
    Batch.Builder batch =
        Batch.of(ROWS)
            .tensor("student.map", RandomBatch.normal(random, spread, ROWS, 2, 5, 5))
            .tensor("teacher.map", RandomBatch.normal(random, spread, ROWS, 4, 7, 7));
    Equipment equipment = objective.equip(SIZES);
    for (Head head : equipment.heads()) {
      int[] shape = head.shape().stream().mapToInt(Integer::intValue).toArray();
      int size = IntStream.of(shape).reduce(1, (a, b) -> a * b);
      batch.tensor(head.name(), new Tensor(shape, head.initial().draw(size, seed)));
    }
    for (Equipment.Draw draw : equipment.draws()) {
      Positions positions = (Positions) draw;
      int[] cells =
          IntStream.range(0, ROWS)
              .flatMap(row -> random.ints(0, positions.below()).distinct().limit(positions.count()))
              .toArray();
      batch.indices(draw.name(), new Indices(new int[] {ROWS, positions.count()}, cells));
    }
    return batch.build();
  }

  @ParameterizedTest(name = "{0}, seed {2}")
  @MethodSource("objectivesAndSeeds")
  void gradientMatchesFiniteDifference(String name, Objective objective, long seed) {
    Batch batch = batch(objective, seed, 1);

    FiniteDifferences.assertGradientMatches(objective, batch, name + ", seed " + seed);
  }

  @ParameterizedTest(name = "{0}, seed {2}")
  @MethodSource("objectivesAndSeeds")
  void areEquippedWithWhatTheyAskForAndNoMore(String name, Objective objective, long seed) {
    Equipment equipment = objective.equip(SIZES);
    Set<String> names = new TreeSet<>();
    equipment.heads().forEach(head -> names.add(head.name()));
    equipment.draws().forEach(draw -> names.add(draw.name()));

    assertThat(names).as(name).isEqualTo(objective.requires().others());
    assertThat(equipment.needsShard()).as("seed " + seed).isFalse();
  }

  @ParameterizedTest(name = "{0}, seed {2}")
  @MethodSource("objectivesAndSeeds")
  void stayFiniteAtMapsOfEighty(String name, Objective objective, long seed) {
    Batch batch = batch(objective, seed, 80);
    Gradients gradients = Gradients.of(batch, objective.requires().differentiable());

    assertThat(objective.evaluate(batch, gradients)).as(name).isFinite();
    assertThat(gradients.norm()).as(name).isFinite();
  }

  @ParameterizedTest(name = "{0}, seed {2}")
  @MethodSource("objectivesAndSeeds")
  void nameInputAndRowOfANan(String name, Objective objective, long seed) {
    for (String input : List.of("student.map", "teacher.map")) {
      Batch batch = batch(objective, seed, 1);
      Gradients gradients = Gradients.of(batch, objective.requires().differentiable());
      batch.tensor(input).data()[batch.tensor(input).width() + 3] = Float.NaN;

      assertThatThrownBy(() -> objective.evaluate(batch, gradients))
          .as(name)
          .isInstanceOf(LakestillException.class)
          .hasMessageContaining("'%s' is NaN in row 1".formatted(input));
    }
  }

  @Test
  void refuseMoreTokensThanCells() {
    Problems problems = new Problems();

    assertThat(create(new TrgLocal.Type(), "grid = 2, tokens = 5", problems)).isEmpty();

    assertThat(problems.found().stream().map(Problem::message))
        .containsExactly("tokens must be at most the 4 cells of the grid, is 5");
  }

  @Test
  void refuseAProjectorOfAnotherWidth() {
    Objective objective = create(new MsdcrdSampleWise.Type());
    Batch batch = batch(objective, 1, 1);
    Batch narrow =
        Batch.of(ROWS)
            .tensor("student.map", batch.tensor("student.map"))
            .tensor("teacher.map", Tensor.zeros(ROWS, 3, 7, 7))
            .tensor("weight.projector", batch.tensor("weight.projector"))
            .tensor("bias.projector", batch.tensor("bias.projector"))
            .build();
    Gradients gradients = Gradients.of(narrow, objective.requires().differentiable());

    assertThatThrownBy(() -> objective.evaluate(narrow, gradients))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("the projected student has 4 channels");
  }
}
