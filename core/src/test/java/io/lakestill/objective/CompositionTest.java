package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.WeightedTerms.Term;
import io.lakestill.objective.logit.KdKl;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Progress;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.RecipeReader;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.commons.lang3.SerializationUtils;
import org.junit.jupiter.api.Test;

/** From the terms of a recipe to the loss they stand for. */
class CompositionTest {
  private static final String RECIPE =
      """
      name = digits
      output = out
      data {
        train = train.parquet
        test = test.parquet
        classes = [a, b, c, d]
        features { columns = [pixels], shape = [1, 8, 8] }
      }
      teacher { id = big, onnx = big.onnx }
      student { architecture = mlp, hidden = [32] }
      train { objectives = [
      TERMS
      ] }
      """;

  private final Problems problems = new Problems();

  private Optional<WeightedTerms> read(String terms) {
    Optional<Recipe> recipe =
        new RecipeReader("/home", "/recipes")
            .read(RECIPE.replace("TERMS", terms), "test.conf", List.of(), problems);
    return recipe.flatMap(sound -> new Objectives().create(sound.train().objectives()));
  }

  private WeightedTerms sound(String terms) {
    Optional<WeightedTerms> loss = read(terms);
    assertThat(problems.found()).isEmpty();
    return loss.orElseThrow();
  }

  @Test
  void everyTermIsBoundToItsNumber() {
    WeightedTerms loss = sound("{ type = kd-kl }, { type = vid }, { type = vid, weight = 2 }");
    assertThat(loss.terms())
        .extracting(term -> ((Bound) term.objective()).term())
        .containsExactly(0, 1, 2);
    assertThat(loss.requires().differentiable())
        .contains("student.logits")
        .anyMatch(name -> name.startsWith("weight.") && name.endsWith("/1"))
        .anyMatch(name -> name.startsWith("weight.") && name.endsWith("/2"))
        .noneMatch(name -> name.endsWith("/0"));
  }

  @Test
  void namesAreTheRecipes() {
    WeightedTerms loss =
        sound(
            "{ type = rkd-angle, student { embedding = pooled }, teacher { embedding = stage.3 }"
                + " }");
    assertThat(loss.requires().inputs()).containsExactly("student.pooled", "teacher.stage.3");
  }

  @Test
  void aFilteredAndWeightedTermReadsTheTable() {
    WeightedTerms loss =
        sound(
            "{ type = kd-kl, weight = margin, where = \"entropy < 1.2\", student { logits = small }"
                + " },{ type = cross-entropy, weight = 0.5 }");
    assertThat(loss.requires().teacher())
        .containsExactly("logits", "sql:entropy < 1.2", "sql:margin");
    assertThat(loss.terms()).extracting(term -> term.weight().largest()).containsExactly(1.0, 0.5);

    Batch logits = RandomBatch.ofLogits(3, 4, 4, 2);
    Batch batch =
        Batch.of(4)
            .tensor("student.small", logits.tensor("student.logits"))
            .tensor("student.logits", Tensor.zeros(4, 4))
            .tensor("teacher.logits", logits.tensor("teacher.logits"))
            .tensor(
                "teacher.sql:entropy < 1.2", new Tensor(new int[] {4, 1}, new float[] {0, 1, 0, 1}))
            .tensor("teacher.sql:margin", new Tensor(new int[] {4, 1}, new float[] {7, 1, 7, 3}))
            .labels(logits.labels(4))
            .build();
    Gradients gradients = Gradients.of(batch, Set.of("student.small", "student.logits"));
    double total = loss.evaluate(batch, gradients);
    KdKl plain = new KdKl(4);
    plain.evaluate(logits, Gradients.of(logits, Set.of("student.logits")));
    double expected = 0.25 * plain.rowLosses()[1] + 0.75 * plain.rowLosses()[3];
    assertThat(loss.lossOf(0)).isCloseTo(expected, within(1e-9));
    assertThat(total).isCloseTo(expected + 0.5 * Math.log(4), within(1e-9));
    assertThat(gradients.of("student.small").data()).startsWith(0, 0, 0, 0);
  }

  @Test
  void termsThatReadTheTableAreNotInTheScratchTwin() {
    WeightedTerms loss =
        sound(
            "{ type = cross-entropy, weight = 0.5, where = \"entropy < 1.2\" },"
                + "{ type = cross-entropy, weight = 0.5 }");
    WeightedTerms twin = loss.withoutTeacher();
    assertThat(twin.terms()).hasSize(1);
    assertThat(twin.requires().teacher()).isEmpty();
    assertThat(twin.terms().get(0).weight().largest()).isEqualTo(1);
  }

  @Test
  void theTwinOfOneMethodIsTheTwinOfAnother() {
    byte[] behindOne =
        twin("{ type = kd-kl, weight = 0.9 }, { type = cross-entropy, weight = 0.1 }");
    byte[] behindTwo =
        twin("{ type = rkd-distance }, { type = rkd-angle }, { type = cross-entropy, weight = 1 }");
    byte[] withoutAny = twin("{ type = logits-mse }");
    assertThat(behindTwo).isEqualTo(behindOne);
    assertThat(withoutAny).isEqualTo(behindOne);
  }

  private byte[] twin(String terms) {
    return SerializationUtils.serialize(sound(terms).withoutTeacher());
  }

  @Test
  void weightAndTemperatureFollowTheirSchedules() {
    WeightedTerms loss =
        sound(
            "{ type = kd-kl, weight { schedule = linear, from = 1, to = 0 },"
                + " temperature { schedule = cosine, from = 8, to = 2 } }");
    Batch batch = RandomBatch.ofLogits(3, 4, 4, 2);
    batch.progress(new Progress(2, 0.5));
    Gradients gradients = Gradients.of(batch, Set.of("student.logits"));
    Gradients plain = Gradients.of(batch, Set.of("student.logits"));
    double expected = new KdKl(5).evaluate(batch, plain);
    assertThat(loss.evaluate(batch, gradients)).isCloseTo(0.5 * expected, within(1e-12));
    assertThat(loss.weightOf(0)).isEqualTo(0.5);
    assertThat(loss.lossOf(0)).isCloseTo(expected, within(1e-12));
    assertThat(loss.gradientNormOf(0)).isCloseTo(plain.norm(), within(1e-9));
    assertThat(gradients.norm()).isCloseTo(0.5 * plain.norm(), within(1e-6));
  }

  @Test
  void aScheduleThatTheTrainingNeverFollowsIsRefused() {
    assertThat(
            read(
                "{ type = kd-kl, weight { schedule = step, values = [1, 0], at = [11], by = epoch"
                    + " }, temperature { schedule = linear, from = 4, to = 2, end = 20, by = epoch"
                    + " } }"))
        .isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactlyInAnyOrder(
            "test.conf:12: train.objectives[0].weight: at = 11 is never reached in 10 epochs",
            "test.conf:12: train.objectives[0].temperature: end = 20 is never reached in 10"
                + " epochs");
  }

  @Test
  void aFaultOfAScheduleIsSaidOnce() {
    assertThat(read("{ type = kd-kl, weight { schedule = step, values = [1], at = [0.5] } }"))
        .isEmpty();
    assertThat(problems.found()).hasSize(1);
  }

  @Test
  void aTemperatureMustBeAboveZeroAtAllTimes() {
    assertThat(read("{ type = kd-kl, temperature { schedule = linear, from = 4, to = 0 } }"))
        .isEmpty();
    assertThat(problems.found())
        .extracting(Problem::message)
        .containsExactly("temperature must be above 0, is 0.0");
  }

  @Test
  void aBindingMustNameAnInputOfTheObjective() {
    assertThat(read("{ type = kd-kl, student { map = map_conv2 }, teacher { logits = aux } }"))
        .isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly(
            "test.conf:12: train.objectives[0].student: 'kd-kl' has no input 'map' of the student,"
                + " only [logits]");
  }

  @Test
  void membersOfAFamilyCanBeBound() {
    WeightedTerms loss =
        sound("{ type = ensemble-mean-prob-kl, teacher { logits.1 = big, logits.2 = small } }");
    assertThat(loss.requires().teacher()).containsExactly("big", "small");
  }

  @Test
  void refusesRowWeightsOfARelation() {
    assertThat(read("{ type = rkd-distance, weight = margin }")).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly(
            "test.conf:12: train.objectives[0].weight: weighs rows, but 'rkd-distance' as it is"
                + " here is not a mean over rows, or learns a head; give weight a number, or choose"
                + " rows with where");
  }

  @Test
  void refusesAFilterOverMemory() {
    assertThat(read("{ type = rrd, where = \"entropy < 1\" }")).isEmpty();
    assertThat(problems.found())
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.path()).isEqualTo("train.objectives[0].where");
              assertThat(problem.message())
                  .startsWith("chooses rows, but the objective's 'state.")
                  .endsWith("is made for whole batches; leave where out");
            });
  }

  @Test
  void namesOfTermsStayTheirTypes() {
    assertThat(sound("{ type = kd-kl }, { type = kd-kl, temperature = 2 }").terms())
        .extracting(Term::name)
        .containsExactly("kd-kl", "kd-kl");
  }
}
