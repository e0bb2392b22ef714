package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a recipe is told about the terms of its loss before anything runs. */
class TermChecksTest {
  private static final String TWO_TEACHERS =
      "teachers=[{id=resnet,onnx=none},{id=vit-b,onnx=none,outputs.embedding=hidden}]";

  private static SparkSession spark;

  @BeforeAll
  static void startSpark() {
    spark = Digits.spark();
  }

  private static List<String> ofRecipe(String... overrides) {
    Problems problems = new Problems();
    Digits.blueprint(problems, overrides);
    return shown(problems);
  }

  private static List<String> ofExpressions(String... overrides) {
    Blueprint blueprint = Digits.blueprint(overrides);
    Problems problems = new Problems();
    new TermChecks(blueprint.student(), problems).expressions(blueprint.signals(), spark);
    return shown(problems);
  }

  private static List<String> ofSizes(Map<String, List<Integer>> signals, String... overrides) {
    return ofSizes(1000, signals, overrides);
  }

  private static List<String> ofSizes(
      int samples, Map<String, List<Integer>> signals, String... overrides) {
    Problems problems = new Problems();
    new TermChecks(Digits.blueprint(overrides).student(), problems)
        .sizes(8, () -> OptionalInt.of(samples), signals);
    return shown(problems);
  }

  private static List<String> shown(Problems problems) {
    return problems.found().stream().map(Problem::toString).toList();
  }

  private static String loss(String term) {
    return "train.objectives=[" + term + "]";
  }

  @Test
  void saysWhichOutputsAModelHasAndHowToBindOne() {
    assertThat(ofRecipe(loss("{type=attention-transfer}"), "teacher.outputs.map=m"))
        .singleElement()
        .asString()
        .startsWith("--set train.objectives: train.objectives[0]: ")
        .contains("needs the student's 'map', there are [embedding, logits]")
        .contains("student { map = <output> }")
        .contains("outputs { map = ... }");
    assertThat(
            ofRecipe(
                loss("{type=attention-transfer,student{map=map_conv7}}"), "teacher.outputs.map=m"))
        .singleElement()
        .asString()
        .contains("needs the student's 'map_conv7'", "student { map = <output> }");
  }

  @Test
  void saysWhichTermsCannotLearnFromMixedRows() {
    assertThat(
            ofRecipe(
                loss("{type=kd-kl},{type=pkt}"), "teacher.outputs.embedding=e", "train.mix=mixup"))
        .singleElement()
        .asString()
        .contains("train.objectives[1]", "'pkt' cannot learn from mixed rows (train.mix)");
    assertThat(ofRecipe(loss("{type=kd-kl}"), "train.mix=cutmix")).isEmpty();
  }

  @Test
  void saysWhichSignalsTeachersGiveAndHowToBindOne() {
    assertThat(ofRecipe(loss("{type=pkt}")))
        .singleElement()
        .asString()
        .contains("needs the teacher's 'embedding', there are [logits]")
        .contains("teacher { embedding = <signal> }")
        .contains("outputs { embedding = ... } of teacher 'synthetic'");
    assertThat(
            ofRecipe(
                "teacher=null", TWO_TEACHERS, loss("{type=pkt,teacher{embedding=embedding.1}}")))
        .singleElement()
        .asString()
        .endsWith("name a tensor for it in the outputs { embedding = ... } of teacher 'resnet'");
    assertThat(ofRecipe("teacher=null", TWO_TEACHERS, loss("{type=kd-kl}")))
        .singleElement()
        .asString()
        .contains("needs the teacher's 'logits', there are [logits.1, logits.2, embedding.2]")
        .contains("teacher { logits = <signal> }");
    assertThat(ofRecipe(loss("{type=ensemble-mean-logits-kl}")))
        .singleElement()
        .asString()
        .contains("needs 'logits.*', the signals of several teachers, but there are [logits]")
        .contains("teachers = [...]");
  }

  @Test
  void takesTheSignalsOfSeveralTeachers() {
    assertThat(
            ofRecipe(
                "teacher=null",
                TWO_TEACHERS,
                "train.objectives=[{type=kd-kl,teacher{logits=logits.2}},"
                    + "{type=ensemble-mean-logits-kl},{type=pkt,teacher{embedding=embedding.2}}]"))
        .isEmpty();
  }

  @Test
  void needsATeacherForAnExpression() {
    assertThat(ofRecipe("teacher=null", loss("{type=cross-entropy,where=\"entropy < 1\"}")))
        .singleElement()
        .asString()
        .contains(
            "train.objectives[0].where: reads a teacher's signals; the recipe has no teacher");
    assertThat(ofRecipe("teacher=null", loss("{type=cross-entropy,weight=margin}")))
        .singleElement()
        .asString()
        .contains("train.objectives[0].weight: reads a teacher's signals");
  }

  @Test
  void namesTheExpressionAndTheColumnsThereWillBe() {
    assertThat(ofExpressions(loss("{type=kd-kl,where=\"entropi < 1.2\",weight=\"margin\"}")))
        .singleElement()
        .asString()
        .startsWith("--set train.objectives: train.objectives[0].where: 'entropi < 1.2' is refused")
        .endsWith(
            "columns here: sample_id, view_id, content_hash, teacher_id, label, argmax, entropy,"
                + " margin, logits");
    assertThat(
            ofExpressions(
                loss("{type=kd-kl},{type=cross-entropy,weight=0.5,row-weight=\"avg(margin)\"}")))
        .singleElement()
        .asString()
        .contains("train.objectives[1].row-weight: 'avg(margin)' must give one value for each row");
    assertThat(
            ofExpressions(
                "teacher=null",
                TWO_TEACHERS,
                loss("{type=kd-kl,teacher{logits=logits.1},where=\"entropy < 1\"}")))
        .singleElement()
        .asString()
        .contains("resnet.entropy", "`vit-b`.embedding");
    assertThat(ofExpressions(loss("{type=kd-kl,where=\"entropy < 1.2\",weight=\"margin\"}")))
        .isEmpty();
  }

  @Test
  void letsTheObjectiveSayWhatDoesNotFit() {
    Map<String, List<Integer>> signals =
        Map.of("logits", List.of(10), "embedding", List.of(5), "map", List.of(4, 3, 3));

    assertThat(
            ofSizes(
                signals,
                "teacher.outputs.embedding=e",
                "train.objectives=[{type=cosine-embedding},{type=kd-kl,where=\"entropy < 1\"}]"))
        .singleElement()
        .asString()
        .contains("train.objectives[0]: cannot be computed from rows of")
        .contains("student.embedding [32], teacher.embedding [5]");
    assertThat(
            ofSizes(
                signals,
                "teacher.outputs.embedding=e",
                "train.objectives=[{type=pkt},{type=crd,negatives=8},{type=rkd-angle}]"))
        .isEmpty();
  }

  @Test
  void passesOverATermWhoseSignalsAreNotKnownYet() {
    assertThat(ofSizes(Map.of(), "teacher.outputs.embedding=e", loss("{type=cosine-embedding}")))
        .isEmpty();
  }

  @Test
  void listsTermsThatAreExperimental() {
    assertThat(Digits.blueprint(loss("{type=clkd},{type=kd-kl},{type=clkd}")).experimental())
        .singleElement()
        .asString()
        .startsWith("clkd: ");
    assertThat(Digits.blueprint(Digits.DISTILLED).experimental()).isEmpty();
  }

  @Test
  void countsTheExamplesWhenAFewAreTooFewForATerm() {
    Map<String, List<Integer>> signals = Map.of("embedding", List.of(4));
    String queue = loss("{type=distilcse-ckd,queue-size=500}");

    assertThat(ofSizes(508, signals, queue, "teacher.outputs.embedding=e")).isEmpty();
    assertThat(ofSizes(507, signals, queue, "teacher.outputs.embedding=e"))
        .singleElement()
        .asString()
        .contains("a worker has 507 training rows", "set queue-size to at most 499");
  }
}
