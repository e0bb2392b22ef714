package io.lakestill.objective.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.metric.RetainedMass;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.MadeObjective;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Objectives;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.contrastive.ContrastiveOutputs;
import io.lakestill.objective.federated.FederatedOutputs;
import io.lakestill.objective.selection.SelectionOutputs;
import io.lakestill.objective.semantic.SemanticOutputs;
import io.lakestill.recipe.Problems;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What reference cases expect beside loss, gradient and state: every field is compared here. */
class GoldenOutputsTest {
  /** A case, its objective after {@code evaluate}, and the loss. */
  private record Evaluated(GoldenCase golden, Objective objective, Batch batch, double loss) {
    double param(String name) {
      return golden.params().get(name).asDouble();
    }
  }

  private interface Output {
    double[] of(Evaluated evaluated);
  }

  /** No function of the objective, and why. */
  private static final Map<String, String> OF_NO_OBJECTIVE =
      Map.of(
          "category-prototype-cpd outputs.present_classes",
          "the labels once more",
          "clkd outputs.class_correlation_sample_gram_variant",
          "another reading of the third term, which no option offers",
          "mhpflid-distill-loss terms.third_party_entropy_difference",
          "what a re-implementation has in place of the divergence",
          "mhpflid-distill-loss terms.third_party_total",
          "the loss with that in it");

  private static final Map<String, Output> OUTPUTS = outputs();

  private static Map<String, Output> outputs() {
    Map<String, Output> outputs = new HashMap<>();
    for (int scale = 1; scale <= 3; scale++) {
      int only = scale;
      outputs.put("aand-hkd terms.scale_" + scale, evaluated -> scale(evaluated, only));
    }
    outputs.put(
        "coopkd-counterfactual-target outputs.prediction",
        evaluated -> SemanticOutputs.predictions(evaluated.objective()));
    outputs.put(
        "coopkd-counterfactual-target outputs.target",
        evaluated -> SemanticOutputs.targets(evaluated.objective()));
    outputs.put(
        "coopkd-counterfactual-target outputs.adam_counterfactual",
        evaluated ->
            SemanticOutputs.counterfactuals(
                evaluated.objective(),
                evaluated.batch(),
                evaluated.param("adam_learning_rate"),
                (int) evaluated.param("adam_max_iterations"),
                evaluated.param("adam_tolerance")));
    outputs.put(
        "crckd-crp outputs.anchors_student",
        evaluated -> ContrastiveOutputs.studentAnchors(evaluated.objective()));
    outputs.put(
        "crckd-crp outputs.anchors_teacher",
        evaluated -> ContrastiveOutputs.teacherAnchors(evaluated.objective()));
    outputs.put(
        "fisher-rao outputs.bhattacharyya",
        evaluated -> ofRows(evaluated, GoldenOutputsTest::half));
    outputs.put(
        "sof-exactly-one-fisher-rao outputs.bhattacharyya",
        evaluated -> ofRows(evaluated, GoldenOutputsTest::half));
    outputs.put("wmc-loss outputs.log_wmc", evaluated -> ofRows(evaluated, loss -> -loss));
    outputs.put("fsp outputs.student_fsp", GoldenOutputsTest::studentFlow);
    outputs.put(
        "label-smoothed-ce terms.loss_per_token",
        evaluated ->
            new double[] {evaluated.loss() / evaluated.objective().parts().get("num_tokens")});
    outputs.put(
        "mhpflid-attention outputs.attention",
        evaluated -> FederatedOutputs.attention(evaluated.objective()));
    outputs.put("mhpflid-attention outputs.output", GoldenOutputsTest::receiverOutput);
    outputs.put(
        "selective-batch outputs.selected",
        evaluated -> SelectionOutputs.selected(evaluated.objective()));
    outputs.put(
        "selective-global-queue outputs.selected",
        evaluated -> SelectionOutputs.selected(evaluated.objective()));
    outputs.put(
        "skew-kl terms.official_without_teacher_entropy",
        evaluated -> new double[] {evaluated.loss() + teacherEntropy(evaluated.batch())});
    outputs.put(
        "topk-kl outputs.teacher_kept_logprob", evaluated -> keptLogProbabilities(evaluated));
    outputs.put("topk-kl outputs.teacher_rest_mass", evaluated -> restMasses(evaluated));
    outputs.put(
        "wcord-lckt outputs.plan", evaluated -> ContrastiveOutputs.plan(evaluated.objective()));
    return Map.copyOf(outputs);
  }

  static Stream<GoldenCase> casesWithMore() throws IOException, URISyntaxException {
    return TrainableCase.all().stream()
        .filter(golden -> !new GoldenCheck(new Objectives()).run(golden).notCompared().isEmpty());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("casesWithMore")
  void everyFurtherFieldMatchesTheReference(GoldenCase golden) {
    Evaluated evaluated = evaluated(golden);
    for (String field : new GoldenCheck(new Objectives()).run(golden).notCompared()) {
      String name = golden.objective() + " " + field;
      JsonNode expected = golden.expected().at("/" + field.replace('.', '/'));
      if (!field.startsWith(TermGradientTest.FIELD) && !OF_NO_OBJECTIVE.containsKey(name)) {
        assertThat(OUTPUTS)
            .as("nobody compares %s of case %s", name, golden.name())
            .containsKey(name);
        assertMatches(name, expected, OUTPUTS.get(name).of(evaluated));
      }
    }
  }

  @Test
  void nothingIsListedThatNoCaseHas() throws IOException, URISyntaxException {
    Set<String> listed = new TreeSet<>(OF_NO_OBJECTIVE.keySet());
    listed.addAll(OUTPUTS.keySet());
    casesWithMore()
        .forEach(
            golden ->
                new GoldenCheck(new Objectives())
                    .run(golden)
                    .notCompared()
                    .forEach(field -> listed.remove(golden.objective() + " " + field)));
    assertThat(listed).isEmpty();
  }

  private static Evaluated evaluated(GoldenCase golden) {
    Problems problems = new Problems();
    Objective objective =
        new GoldenCheck(new Objectives()).objective(golden, problems).orElseThrow();
    Batch batch = golden.batch().with(golden.batch().state().copy());
    Set<String> names = batch.present(objective.requires().differentiable());
    return new Evaluated(
        golden, objective, batch, objective.evaluate(batch, Gradients.of(batch, names)));
  }

  private static void assertMatches(String name, JsonNode expected, double[] actual) {
    JsonNode data = expected.has("data") ? expected.get("data") : expected;
    int size = data.isArray() ? data.size() : 1;
    // Scratch arrays may be longer than what they hold.
    assertThat(actual.length).as(name).isGreaterThanOrEqualTo(size);
    for (int i = 0; i < size; i++) {
      double value = data.isArray() ? data.get(i).asDouble() : data.asDouble();
      assertThat(actual[i])
          .as("%s[%d]", name, i)
          .isCloseTo(value, within(1e-4 * Math.max(1e-2, Math.abs(value))));
    }
  }

  /** The loss of one scale by itself. */
  private static double[] scale(Evaluated evaluated, int scale) {
    Batch whole = evaluated.batch();
    Batch one =
        Batch.of(whole.rows())
            .tensor("student.map.1", whole.tensor("student.map." + scale))
            .tensor("teacher.map.1", whole.tensor("teacher.map." + scale))
            .build();
    Objective objective =
        MadeObjective.of("aand-hkd", "scales = 1, k = " + (int) evaluated.param("k"));
    return new double[] {objective.evaluate(one, Gradients.of(one, Set.of("student.map.1")))};
  }

  private static double half(double angle) {
    return Math.cos(angle / 2);
  }

  private static double[] ofRows(Evaluated evaluated, ToDoubleFunction<Double> figure) {
    double[] losses = ((RowwiseObjective) evaluated.objective()).rowLosses();
    return Arrays.stream(losses).map(figure::applyAsDouble).toArray();
  }

  /**
   * Each entry of the student's flow matrices by two losses: with a teacher whose flow is 1 there
   * and 0 elsewhere, and with the negative of it, {@code loss = mean (F - E)^2}.
   */
  private static double[] studentFlow(Evaluated evaluated) {
    Batch batch = evaluated.batch();
    Tensor bottom = batch.tensor("student.map.1");
    Tensor top = batch.tensor("student.map.2");
    int bottoms = bottom.dimension(1);
    int tops = top.dimension(1);
    double[] flow = new double[batch.rows() * tops * bottoms];
    for (int entry = 0; entry < flow.length; entry++) {
      double[] losses = new double[2];
      for (int sign = -1; sign <= 1; sign += 2) {
        Tensor lower = Tensor.zeros(batch.rows(), bottoms, 1, 1);
        Tensor upper = Tensor.zeros(batch.rows(), tops, 1, 1);
        int row = entry / (tops * bottoms);
        lower.data()[row * bottoms + entry % bottoms] = 1;
        upper.data()[row * tops + entry / bottoms % tops] = sign;
        Batch probe =
            Batch.of(batch.rows())
                .tensor("student.map.1", bottom)
                .tensor("student.map.2", top)
                .tensor("teacher.map.1", lower)
                .tensor("teacher.map.2", upper)
                .build();
        losses[(sign + 1) / 2] =
            evaluated
                .objective()
                .evaluate(probe, Gradients.of(probe, Set.of("student.map.1", "student.map.2")));
      }
      flow[entry] = (losses[0] - losses[1]) * flow.length / 4;
    }
    return flow;
  }

  /** The output by its products with each unit vector. */
  private static double[] receiverOutput(Evaluated evaluated) {
    Batch batch = evaluated.batch();
    Tensor cotangent = batch.state().tensor("state.cotangent");
    double[] output = new double[cotangent.size()];
    for (int i = 0; i < output.length; i++) {
      Tensor unit = Tensor.zeros(cotangent.shape());
      unit.data()[i] = 1;
      Batch probe = batch.with(new State().put("state.cotangent", unit));
      output[i] =
          evaluated
              .objective()
              .evaluate(
                  probe,
                  Gradients.of(
                      probe, probe.present(evaluated.objective().requires().differentiable())));
    }
    return output;
  }

  private static double teacherEntropy(Batch batch) {
    Tensor teacher = batch.tensor("teacher.logits");
    double[] log = new double[teacher.width()];
    double sum = 0;
    for (int row = 0; row < batch.rows(); row++) {
      if (!batch.masked(row)) {
        LogSoftmax.of(teacher.data(), row * teacher.width(), teacher.width(), 1, log);
        sum -= Arrays.stream(log).map(l -> l * Math.exp(l)).sum();
      }
    }
    return sum / batch.unmaskedRows();
  }

  /** What a table of top-k signals would hold. */
  private static double[] keptLogProbabilities(Evaluated evaluated) {
    Tensor teacher = evaluated.batch().tensor("teacher.logits");
    int[] kept = evaluated.batch().indices("index.topk").data();
    int k = kept.length / teacher.rows();
    double[] log = new double[teacher.width()];
    double[] found = new double[kept.length];
    for (int i = 0; i < kept.length; i++) {
      int offset = i / k * teacher.width();
      LogSoftmax.of(teacher.data(), offset, teacher.width(), evaluated.param("temperature"), log);
      found[i] = log[kept[i]];
    }
    return found;
  }

  private static double[] restMasses(Evaluated evaluated) {
    Tensor teacher = evaluated.batch().tensor("teacher.logits");
    int k = evaluated.batch().indices("index.topk").width();
    double[] rest = new double[teacher.rows()];
    for (int row = 0; row < rest.length; row++) {
      rest[row] =
          1
              - RetainedMass.of(
                  teacher.data(),
                  row * teacher.width(),
                  teacher.width(),
                  evaluated.param("temperature"),
                  k);
    }
    return rest;
  }
}
