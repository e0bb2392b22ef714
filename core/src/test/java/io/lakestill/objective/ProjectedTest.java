package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.typesafe.config.ConfigFactory;
import io.lakestill.objective.feature.CosineEmbedding;
import io.lakestill.objective.feature.FitnetHint;
import io.lakestill.objective.feature.Fsp;
import io.lakestill.objective.feature.Kta;
import io.lakestill.objective.logit.LogitsMse;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ProjectedTest {
  private static final int ROWS = 4;

  private static Objective create(ObjectiveType type, String options) {
    Settings settings =
        new Settings(
                ConfigFactory.parseString(options).root(),
                type.name(),
                ConfigFactory.parseResources("io/lakestill/reference.conf").getObject("defaults"),
                new Problems())
            .withDefaults("objective." + type.name());
    settings.number("weight");
    return type.create(settings).orElseThrow();
  }

  @Test
  void anOutputCannotBeProjectedTwice() {
    Objective logits = create(new LogitsMse.Type(), "");
    assertThatThrownBy(() -> new Projected(logits, List.of("logits", "logits")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'logits' stands there twice");
  }

  @Test
  void isTheProjectionThatAFitnetHasOfItsOwn() {
    SplittableRandom random = new SplittableRandom(5);
    Tensor student = RandomBatch.normal(random, 1, ROWS, 3);
    Tensor teacher = RandomBatch.normal(random, 1, ROWS, 5);
    Tensor weight = RandomBatch.normal(random, 1, 5, 3);
    Tensor bias = RandomBatch.normal(random, 1, 5);
    Batch fitnetBatch =
        Batch.of(ROWS)
            .tensor("student.embedding", student)
            .tensor("teacher.embedding", teacher)
            .tensor("weight.projector", weight)
            .tensor("bias.projector", bias)
            .build();
    Batch batch =
        Batch.of(ROWS)
            .tensor("student.logits", student)
            .tensor("teacher.logits", teacher)
            .tensor("weight.projection.logits", weight)
            .tensor("bias.projection.logits", bias)
            .build();
    Objective fitnet = create(new FitnetHint.Type(), "projector = linear");
    Objective projected = new Projected(create(new LogitsMse.Type(), ""), List.of("logits"));
    Gradients expected = Gradients.of(fitnetBatch, fitnet.requires().differentiable());
    Gradients gradients = Gradients.of(batch, projected.requires().differentiable());

    double loss = projected.evaluate(batch, gradients);

    assertThat(loss).isCloseTo(fitnet.evaluate(fitnetBatch, expected), within(1e-6));
    assertSame(gradients.of("student.logits"), expected.of("student.embedding"));
    assertSame(gradients.of("weight.projection.logits"), expected.of("weight.projector"));
    assertSame(gradients.of("bias.projection.logits"), expected.of("bias.projector"));
  }

  private static void assertSame(Tensor actual, Tensor expected) {
    assertThat(actual.data()).containsExactly(expected.data(), within(1e-6f));
  }

  @Test
  void addsToGradientsAndForgetsTheLastStep() {
    SplittableRandom random = new SplittableRandom(6);
    Objective projected = new Projected(create(new Kta.Type(), ""), List.of("map"));
    Batch batch =
        Batch.of(ROWS)
            .tensor("student.map", RandomBatch.normal(random, 1, ROWS, 2, 3, 3))
            .tensor("teacher.map", RandomBatch.normal(random, 1, ROWS, 4, 3, 3))
            .tensor("weight.projection.map", RandomBatch.normal(random, 1, 4, 2))
            .tensor("bias.projection.map", RandomBatch.normal(random, 1, 4))
            .build();
    Gradients once = Gradients.of(batch, projected.requires().differentiable());
    Gradients twice = Gradients.of(batch, projected.requires().differentiable());
    projected.evaluate(batch, once);

    double first = projected.evaluate(batch, twice);
    double second = projected.evaluate(batch, twice);

    assertThat(second).isEqualTo(first);
    for (String name : once.names()) {
      float[] data = once.of(name).data();
      for (int i = 0; i < data.length; i++) {
        assertThat(twice.of(name).data()[i]).as(name).isCloseTo(2 * data[i], within(1e-6f));
      }
    }
  }

  @Test
  void isEquippedWithAMapToTheTeachersChannelsForEachOutput() {
    Objective projected = new Projected(create(new Fsp.Type(), ""), List.of("map.1", "map.2"));
    Dimensions dimensions =
        new Dimensions(
            ROWS,
            100,
            10,
            Map.of(
                "student.map.1", List.of(8, 14, 14),
                "student.map.2", List.of(16, 7, 7),
                "teacher.map.1", List.of(64, 14, 14),
                "teacher.map.2", List.of(128, 7, 7)));

    Equipment equipment = projected.equip(dimensions);

    assertThat(equipment.heads())
        .extracting(Equipment.Head::name, Equipment.Head::shape)
        .containsExactlyInAnyOrder(
            tuple("weight.projection.map.1", List.of(64, 8)),
            tuple("bias.projection.map.1", List.of(64)),
            tuple("weight.projection.map.2", List.of(128, 16)),
            tuple("bias.projection.map.2", List.of(128)));
    assertThat(equipment.names())
        .containsExactlyInAnyOrderElementsOf(projected.requires().others());
  }

  @Test
  void isWhatARecipesTermAsksForByProject() {
    Problems problems = new Problems();
    TermSettings sound = term("cosine-embedding", "embedding", problems);
    TermSettings wrong = term("cosine-embedding", "map", problems);

    WeightedTerms terms = new Objectives().create(List.of(sound)).orElseThrow();

    assertThat(terms.requires().others())
        .containsExactly("bias.projection.embedding/0", "weight.projection.embedding/0");
    assertThat(new Objectives().create(List.of(wrong))).isEmpty();
    assertThat(problems.found())
        .singleElement()
        .satisfies(problem -> assertThat(problem.path()).isEqualTo("train.objectives[0].project"));
  }

  private static TermSettings term(String type, String projected, Problems problems) {
    Settings options =
        new Settings(
                ConfigFactory.parseString("type = %s, project = [%s]".formatted(type, projected))
                    .root(),
                "train.objectives[0]",
                ConfigFactory.parseResources("io/lakestill/reference.conf").getObject("defaults"),
                problems)
            .withDefaults("objective." + type);
    options.text("type");
    options.number("weight");
    return new TermSettings(
        type,
        Schedule.of(1),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        options.texts("project"),
        options);
  }

  @Test
  void refusesAnOutputThatIsNotComparedWithASignal() {
    Objective cosine = create(new CosineEmbedding.Type(), "");

    assertThatThrownBy(() -> new Projected(cosine, List.of("map")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'map' cannot be projected")
        .hasMessageContaining("[embedding]");
  }
}
