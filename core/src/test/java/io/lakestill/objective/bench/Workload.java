package io.lakestill.objective.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Objectives;
import io.lakestill.objective.State;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * One objective with its inputs: 100 classes, embeddings of 128, maps of 64x8x8, projections of
 * 128, four heads of 16 tokens where there is attention, and the rest as a {@link Size} says.
 */
final class Workload {
  /**
   * @param rows of the batch
   * @param bank rows of a memory bank
   * @param negatives of each row, and rows of a queue
   */
  record Size(int rows, int bank, int negatives) {
    /** The size that figures are given for. */
    static final Size FULL = new Size(256, 50_000, 4096);

    /** A size at which all objectives together take seconds. */
    static final Size SMALL = new Size(64, 500, 128);
  }

  /** Options beyond {@code reference.conf}; the others keep their defaults. */
  private static final Map<String, String> OPTIONS =
      Map.ofEntries(
          Map.entry("similarity-preserving", "feature = map"),
          Map.entry("category-prototype-cpd", "num-classes = 100"),
          Map.entry("minilm-relation", "relation-heads = 4"),
          Map.entry("topk-kl", "k = 10"),
          Map.entry("response-disentangled-jsd", "hidden = 64"),
          Map.entry("selective-batch", "padding-idx = 0"),
          Map.entry("selective-global-queue", "padding-idx = 0, queue-size = $negatives"),
          Map.entry("label-smoothed-ce", "padding-idx = 0"),
          Map.entry("dedn-margin-ce", "true-class-subtract = 3"),
          Map.entry("rrd", "queue-size = $negatives"),
          Map.entry("distilcse-ckd", "queue-size = $negatives"),
          Map.entry("crd", "negatives = $negatives"),
          Map.entry("crcd-feature", "negatives = $negatives"),
          Map.entry("crckd-ccd", "negatives = $negatives"));

  private final Objective objective;
  private Batch batch;
  private final Gradients gradients;
  private final State firstState;

  private Workload(Objective objective, Batch batch) {
    this.objective = objective;
    this.batch = batch;
    this.firstState = batch.state().copy();
    this.gradients = Gradients.of(batch, batch.present(objective.requires().differentiable()));
  }

  /** The names of all registered objectives. */
  static Iterable<String> names() {
    return new Objectives().names();
  }

  /** An objective at its defaults, but that it takes a map where it has the choice. */
  static Workload of(String name, Size size, long seed) {
    Objective objective = objective(name, size);
    WorkloadInputs inputs = new WorkloadInputs(name, size, new SplittableRandom(seed));
    return new Workload(objective, inputs.batch(objective.requires()));
  }

  /** One step: loss and gradient. */
  double step() {
    gradients.zero();
    return objective.evaluate(batch, gradients);
  }

  /** Sets the memory back to what it was before the first step. */
  void restore() {
    batch = batch.with(firstState.copy());
  }

  /** The gradients of the last step. */
  Gradients gradients() {
    return gradients;
  }

  private static Objective objective(String name, Size size) {
    Config reference = ConfigFactory.parseResources("io/lakestill/reference.conf");
    String more = OPTIONS.getOrDefault(name, "").replace("$negatives", "" + size.negatives());
    String written = "type = \"%s\", %s".formatted(name, more);
    Problems problems = new Problems();
    Settings options =
        new Settings(
                ConfigFactory.parseString(written).root(),
                name,
                reference.getObject("defaults"),
                problems)
            .withDefaults("objective." + name);
    options.text("type");
    double weight = options.number("weight");
    return new Objectives()
        .create(new TermSettings(name, weight, options))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    problems.found().stream()
                        .map(Problem::message)
                        .collect(Collectors.joining("; "))));
  }
}
