package io.lakestill.train;

import io.lakestill.error.LakestillException;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Classifier;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Evaluates an objective once on random rows of a training's sizes, with the equipment it would
 * have there; once more with a condition that a single row fulfils, if it has one. What does not
 * fit together is said by the objective itself, before anything is spent.
 */
public final class Rehearsal {
  private static final long SEED = 1;
  private static final int FEW = 2;
  private static final String ONE_ROW = "where its condition holds for one row only: ";

  private final Objective objective;
  private final Dimensions dimensions;

  private Rehearsal(Objective objective, Dimensions dimensions) {
    this.objective = objective;
    this.dimensions = dimensions;
  }

  /**
   * @param dimensions with the shape of every input of the objective
   * @return what the objective complains of; empty when it has a loss
   */
  public static Optional<String> complaint(Objective objective, Dimensions dimensions) {
    if (isSameForFew(objective, dimensions)
        && new Rehearsal(objective, few(dimensions)).complaint().isEmpty()) {
      return Optional.empty();
    }
    return new Rehearsal(objective, dimensions).complaint();
  }

  /** Two rows tell what a batch of large maps would, unless the equipment is made for its rows. */
  private static boolean isSameForFew(Objective objective, Dimensions dimensions) {
    try {
      return dimensions.rows() > FEW
          && objective.equip(few(dimensions)).equals(objective.equip(dimensions));
    } catch (RuntimeException e) {
      return false; // What it complains of is heard at its own size.
    }
  }

  private static Dimensions few(Dimensions given) {
    return new Dimensions(FEW, given.samples(), given.classes(), given.shapes());
  }

  private Optional<String> complaint() {
    try {
      return evaluate();
    } catch (LakestillException | IllegalArgumentException e) {
      return Optional.of(e.getMessage());
    } catch (RuntimeException e) { // An objective of the user's own may throw anything.
      StackTraceElement[] trace = e.getStackTrace();
      return Optional.of("it fails with " + e + (trace.length > 0 ? " at " + trace[0] : ""));
    }
  }

  private Optional<String> evaluate() {
    Requirements requires = objective.requires();
    Equipment equipment = objective.equip(dimensions);
    Set<String> missing = new TreeSet<>(requires.others());
    equipment.names().forEach(missing::remove);
    objective.classifiers().forEach(c -> missing.removeAll(List.of(c.weight(), c.bias())));
    if (!missing.isEmpty()) {
      return Optional.of(
          "needs %s, which neither a training nor the objective's equipment provides"
              .formatted(String.join(", ", missing)));
    }
    int[] labels = labels();
    int[] samples = IntStream.range(0, dimensions.samples()).toArray();
    Shard shard = new Shard(0, samples, labels, Sharding.memory(equipment, 0, SEED));
    Draws draws = new Draws(equipment.draws(), dimensions.rows(), Optional.of(shard), SEED);
    Batch.Builder builder = Batch.of(dimensions.rows()).state(shard.state());
    inputs(requires).forEach(name -> builder.tensor(name, random(name)));
    equipment.heads().forEach(head -> builder.tensor(head.name(), first(head)));
    for (Classifier classifier : objective.classifiers()) {
      int width = volume(dimensions.shape(classifier.features()));
      builder.tensor(classifier.weight(), normal(classifier.weight(), dimensions.classes(), width));
      builder.tensor(classifier.bias(), normal(classifier.bias(), dimensions.classes()));
    }
    draws.indices().forEach(builder::indices);
    Batch batch = builder.labels(Arrays.copyOf(labels, dimensions.rows())).build();
    draws.fill(batch, 1, Arrays.copyOf(samples, dimensions.rows()));
    Optional<String> complaint = evaluate(batch);
    return complaint.isPresent() ? complaint : evaluateOneRow(batch);
  }

  private Optional<String> evaluate(Batch batch) {
    Set<String> learned = batch.present(objective.requires().differentiable());
    double loss = objective.evaluate(batch, Gradients.of(batch, learned));
    return Double.isFinite(loss) ? Optional.empty() : Optional.of("its loss is " + loss);
  }

  /** A batch of which only the first row counts: a condition may hold for as few. */
  private Optional<String> evaluateOneRow(Batch batch) {
    List<String> expressions =
        batch.names().stream().filter(name -> name.startsWith(Requirements.SQL)).toList();
    if (expressions.isEmpty()) {
      return Optional.empty();
    }
    for (String name : expressions) {
      float[] values = batch.tensor(name).data();
      Arrays.fill(values, 0);
      values[0] = 1;
    }
    try {
      return evaluate(batch).map(complaint -> ONE_ROW + complaint);
    } catch (LakestillException | IllegalArgumentException e) {
      return Optional.of(ONE_ROW + e.getMessage());
    }
  }

  /** Every class in turn, over all samples of the shard. */
  private int[] labels() {
    return IntStream.range(0, dimensions.samples())
        .map(sample -> sample % dimensions.classes())
        .toArray();
  }

  /** The student outputs and teacher signals, families spelled out. */
  private List<String> inputs(Requirements requires) {
    return requires.inputs().stream()
        .filter(name -> name.startsWith("student.") || name.startsWith("teacher."))
        .flatMap(this::members)
        .distinct()
        .toList();
  }

  private Stream<String> members(String name) {
    return Requirements.isFamily(name)
        ? Requirements.members(name, dimensions.shapes().keySet()).stream()
        : Stream.of(name);
  }

  /** Conditions hold and weights are one; all else is normally distributed. */
  private Tensor random(String name) {
    int[] shape = shape(dimensions.rows(), dimensions.shape(name));
    if (!name.startsWith(Requirements.SQL)) {
      return normal(name, shape);
    }
    Tensor ones = Tensor.zeros(shape);
    Arrays.fill(ones.data(), 1);
    return ones;
  }

  private static Tensor normal(String name, int... shape) {
    Tensor tensor = Tensor.zeros(shape);
    SplittableRandom random = new SplittableRandom(SplitMix.seed(SEED, 0, name));
    for (int i = 0; i < tensor.size(); i++) {
      tensor.data()[i] = (float) random.nextGaussian();
    }
    return tensor;
  }

  private static int volume(List<Integer> shape) {
    return shape.stream().reduce(1, Math::multiplyExact);
  }

  private static int[] shape(int rows, List<Integer> sizes) {
    return IntStream.concat(IntStream.of(rows), sizes.stream().mapToInt(size -> size)).toArray();
  }

  private static Tensor first(Head head) {
    float[] values =
        head.initial().draw(HeadLayout.size(head), SplitMix.seed(SEED, 0, head.name()));
    return new Tensor(head.shape().stream().mapToInt(size -> size).toArray(), values);
  }
}
