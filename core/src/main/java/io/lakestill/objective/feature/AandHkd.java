package io.lakestill.objective.feature;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Cosine;
import io.lakestill.recipe.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Hard knowledge distillation for anomaly maps: the worst locations and the whole map, at several
 * scales.
 *
 * <p>{@code loss = sum over scales of [ mean over B k of the k largest (1 - cos over channels at a
 * location) + mean_b (1 - cos of the flattened maps) ]}; norms are at least 1e-8.
 *
 * <p>Shapes: {@code student.map.i, teacher.map.i: [batch, channels, h, w]} for {@code i = 1 ...
 * scales}; {@code k} at most {@code h w}. The hardest locations are chosen per row; on a tie the
 * first.
 *
 * <p>Source: Hui-design/AAND {@code models/loss.py}, whose k is 10.
 */
public final class AandHkd implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double FLOOR = 1e-8;

  private final int scales;
  private final int k;
  private double hardest;
  private double global;
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] distances;
  private transient double[] slope;

  public AandHkd(int scales, int k) {
    this.scales = Rule.atLeast(1, "scales", scales);
    this.k = Rule.atLeast(1, "k", k);
  }

  @Override
  public Requirements requires() {
    List<String> names = new ArrayList<>();
    for (int scale = 1; scale <= scales; scale++) {
      names.add("student.map." + scale);
      names.add("teacher.map." + scale);
    }
    return Requirements.of(names);
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    hardest = 0;
    global = 0;
    for (int scale = 1; scale <= scales; scale++) {
      Tensor ours = batch.finite("student.map." + scale);
      Tensor theirs = batch.finite("teacher.map." + scale);
      Shapes.requireSame("student.map." + scale, ours, "teacher.map." + scale, theirs);
      addScale(ours, theirs, gradients.of("student.map." + scale));
    }
    return hardest + global;
  }

  private void addScale(Tensor ours, Tensor theirs, Tensor accumulator) {
    int rows = ours.rows();
    int channels = ours.dimension(1);
    int positions = ours.width() / channels;
    if (k > positions) {
      throw Errors.badInput("k = %d but %s has %d locations.".formatted(k, ours, positions));
    }
    student = byLocation(ours, channels, positions, student);
    teacher = byLocation(theirs, channels, positions, teacher);
    distances = Scratch.atLeast(distances, positions);
    slope = Scratch.atLeast(slope, ours.size());
    Arrays.fill(slope, 0, ours.size(), 0.0);
    for (int row = 0; row < rows; row++) {
      int from = row * channels * positions;
      int width = channels * positions;
      double whole =
          Cosine.withGradient(student, from, teacher, from, width, FLOOR, -1.0 / rows, slope);
      global += (1 - whole) / rows;
      for (int p = 0; p < positions; p++) {
        distances[p] = 1 - cosine(from + p * channels, channels, 0);
      }
      for (int chosen = 0; chosen < k; chosen++) {
        int worst = 0;
        for (int p = 1; p < positions; p++) {
          worst = distances[p] > distances[worst] ? p : worst;
        }
        hardest += distances[worst] / rows / k;
        cosine(from + worst * channels, channels, -1.0 / rows / k);
        distances[worst] = Double.NEGATIVE_INFINITY;
      }
    }
    float[] gradient = accumulator.data();
    for (int plane = 0; plane < rows * channels; plane++) {
      int from = plane / channels * positions * channels + plane % channels;
      for (int p = 0; p < positions; p++) {
        gradient[plane * positions + p] += (float) slope[from + p * channels];
      }
    }
  }

  private double cosine(int at, int channels, double factor) {
    return Cosine.withGradient(student, at, teacher, at, channels, FLOOR, factor, slope);
  }

  /** {@code [rows, positions, channels]}, so that a location's channels lie side by side. */
  private static double[] byLocation(Tensor map, int channels, int positions, double[] reused) {
    double[] values = Scratch.atLeast(reused, map.size());
    for (int plane = 0; plane < map.rows() * channels; plane++) {
      int to = plane / channels * positions * channels + plane % channels;
      for (int p = 0; p < positions; p++) {
        values[to + p * channels] = map.data()[plane * positions + p];
      }
    }
    return values;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("hardest", hardest, "global", global);
  }

  /** Finds {@link AandHkd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "aand-hkd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int scales = options.integer("scales");
      int k = options.integer("k");
      return options.build(() -> new AandHkd(scales, k));
    }
  }
}
