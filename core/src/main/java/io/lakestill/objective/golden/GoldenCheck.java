package io.lakestill.objective.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Objectives;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Progress;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Evaluates objectives on reference cases and measures how far off they are. */
public final class GoldenCheck {
  private static final Set<String> COMPARED = Set.of("loss", "grad", "state_after");

  private final Objectives objectives;

  public GoldenCheck(Objectives objectives) {
    this.objectives = objectives;
  }

  /** Never throws for a case that cannot be evaluated: that is an outcome too. */
  public GoldenOutcome run(GoldenCase golden) {
    Problems problems = new Problems();
    TermSettings term = term(golden, problems);
    Optional<Objective> objective = objectives.create(term);
    if (objective.isEmpty()) {
      return GoldenOutcome.failed(
          golden,
          problems.found().stream().map(Problem::message).collect(Collectors.joining("; ")));
    }
    try {
      return evaluated(golden, objective.get(), term.weight().at(Progress.START));
    } catch (LakestillException | IllegalArgumentException e) {
      return GoldenOutcome.failed(golden, e.getMessage());
    }
  }

  /** The objective that a case's parameters ask for; what is wrong with them becomes problems. */
  Optional<Objective> objective(GoldenCase golden, Problems problems) {
    return objectives.create(term(golden, problems));
  }

  private static GoldenOutcome evaluated(GoldenCase golden, Objective objective, double weight) {
    JsonNode expected = golden.expected();
    Batch batch = golden.batch().with(golden.batch().state().copy());
    Set<String> names = new TreeSet<>(batch.present(objective.requires().differentiable()));
    expected.path("grad").fieldNames().forEachRemaining(names::add);
    names.retainAll(batch.names());
    Gradients gradients = Gradients.of(batch, names);
    double loss = weight * objective.evaluate(batch, gradients);

    double lossError = scalarError(loss, expected.path("loss"));
    Map<String, Double> parts = objective.parts();
    for (Map.Entry<String, JsonNode> part : expected.path("terms").properties()) {
      Double value = parts.get(part.getKey());
      if (value != null) {
        lossError = worse(lossError, scalarError(value, part.getValue()));
      }
    }
    double gradientError = 0;
    for (Map.Entry<String, JsonNode> input : expected.path("grad").properties()) {
      if (!names.contains(input.getKey())) {
        return GoldenOutcome.failed(golden, "gives no gradient for " + input.getKey());
      }
      double error = arrayError(weight, gradients.of(input.getKey()), input.getValue());
      gradientError = worse(gradientError, error);
    }
    for (Map.Entry<String, JsonNode> after : expected.path("state_after").properties()) {
      String name =
          after.getKey().startsWith("state.") ? after.getKey() : "state." + after.getKey();
      JsonNode data =
          after.getValue().has("data") ? after.getValue().get("data") : after.getValue();
      gradientError = worse(gradientError, arrayError(1, batch.state().tensor(name), data));
    }
    return new GoldenOutcome(
        golden.objective(),
        golden.name(),
        lossError,
        gradientError,
        Optional.empty(),
        notCompared(expected, parts.keySet()));
  }

  private static List<String> notCompared(JsonNode expected, Set<String> parts) {
    List<String> fields = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : expected.properties()) {
      String name = field.getKey();
      if (name.equals("terms") || name.equals("outputs") || name.equals("term_grad")) {
        field
            .getValue()
            .fieldNames()
            .forEachRemaining(
                part -> {
                  if (!name.equals("terms") || !parts.contains(part)) {
                    fields.add(name + "." + part);
                  }
                });
      } else if (!COMPARED.contains(name)) {
        fields.add(name);
      }
    }
    return fields;
  }

  /** The recipe term that the case's parameters stand for, over {@code reference.conf}. */
  private static TermSettings term(GoldenCase golden, Problems problems) {
    Map<String, Object> values = new HashMap<>();
    for (Map.Entry<String, JsonNode> param : golden.params().properties()) {
      if (golden.saysOfMemory(param.getKey())) {
        continue;
      }
      values.put(GoldenFile.registeredName(param.getKey()), option(param.getValue()));
    }
    values.put("type", golden.objective());
    Config reference =
        ConfigFactory.parseResources(Objectives.class, "/io/lakestill/reference.conf");
    ConfigObject section = ConfigFactory.parseMap(values, golden.toString()).root();
    Settings options =
        new Settings(section, golden.objective(), reference.getObject("defaults"), problems)
            .withDefaults("objective." + golden.objective());
    String type = options.text("type");
    options.has("weight");
    double weight = golden.params().path("weight").asDouble(1.0);
    return new TermSettings(type, weight, options);
  }

  private static Object option(JsonNode value) {
    if (value.isArray()) {
      return StreamSupport.stream(value.spliterator(), false).map(GoldenCheck::option).toList();
    }
    return value.isTextual()
        ? GoldenFile.registeredName(value.asText())
        : value.isBoolean() ? (Object) value.asBoolean() : (Object) value.asDouble();
  }

  private static double scalarError(double value, JsonNode expected) {
    double reference = expected.asDouble(Double.NaN);
    return Math.abs(value - reference) / Math.max(1, Math.abs(reference));
  }

  private static double arrayError(double weight, Tensor actual, JsonNode expected) {
    if (expected.size() != actual.size()) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 1e-3;
    double difference = 0;
    for (int i = 0; i < actual.size(); i++) {
      double reference = expected.get(i).asDouble();
      largest = Math.max(largest, Math.abs(reference));
      difference = worse(difference, Math.abs(weight * actual.data()[i] - reference));
    }
    return difference / largest;
  }

  /** The larger, where NaN is the largest of all. */
  private static double worse(double a, double b) {
    return Double.isNaN(a) || Double.isNaN(b) ? Double.NaN : Math.max(a, b);
  }
}
