package io.lakestill.bigdl;

import io.lakestill.io.FloatTensor;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.train.GradientNorm;
import io.lakestill.train.UpdateRule;
import io.lakestill.train.UpdateStep;
import io.lakestill.train.WeightAverage;
import io.lakestill.train.WeightSegment;
import io.lakestill.train.exchange.Exchange;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The numbers that a node learns: weights, what the optimizer remembers of each, their moving
 * average and the running statistics; each one array, the same on every node after an exchange.
 */
final class NodeWeights {
  private static final String WEIGHTS = "weights";
  private static final String STATISTICS = "statistics";
  private static final String AVERAGE = "average";

  /** Below that many weights another thread costs more than it saves. */
  private static final int ALONE = 1 << 15;

  private final List<Replica> replicas;
  private final CoreThreads threads;
  private final UpdateRule rule;
  private final LoopSettings loop;
  private final float[] weights;
  private final float[] gradient;
  private final float[] statistics;
  private final float[] average;
  private final float[] aside;
  private final float[][] state;
  private final int[] cuts;

  /**
   * @param replicas all reading the first one's weights
   * @param segments of the weights
   */
  NodeWeights(
      List<Replica> replicas, CoreThreads threads, List<WeightSegment> segments, NodeSetup setup) {
    this.replicas = replicas;
    this.threads = threads;
    this.rule = UpdateRule.of(setup.optimizer(), segments);
    this.loop = setup.loop();
    this.weights = replicas.get(0).weights();
    this.gradient = replicas.get(0).gradient();
    this.statistics = new float[replicas.get(0).statisticsSize()];
    replicas.get(0).addStatistics(statistics);
    boolean averages = loop.average() > 0;
    this.average = averages ? weights.clone() : new float[0];
    this.aside = new float[averages ? weights.length : 0];
    this.state = new float[rule.stateArrays()][weights.length];
    this.cuts = cuts(segments);
  }

  /** Where the threads' slices begin and end. */
  private int[] cuts(List<WeightSegment> segments) {
    int slices = weights.length < ALONE ? 1 : threads.cores();
    int[] places = new int[slices + 1];
    for (int i = 1; i <= slices; i++) {
      int place = (int) ((long) weights.length * i / slices);
      places[i] = rule.needsWholeSegments() ? endOfSegment(segments, place) : place;
    }
    return places;
  }

  private static int endOfSegment(List<WeightSegment> segments, int place) {
    return segments.stream()
        .filter(segment -> segment.to() >= place)
        .findFirst()
        .orElseThrow()
        .to();
  }

  /** What is done to a slice of all weights. */
  private interface Slice {
    void over(int index, int from, int to);
  }

  private void slices(Slice work) {
    if (cuts.length == 2) {
      work.over(0, cuts[0], cuts[1]);
    } else {
      threads.each(core -> work.over(core, cuts[core], cuts[core + 1]));
    }
  }

  /** Adds all replicas' gradients in the order of the cores; their statistics become their mean. */
  void gather() {
    if (replicas.size() > 1) {
      slices(
          (index, from, to) -> {
            for (Replica other : replicas.subList(1, replicas.size())) {
              float[] theirs = other.gradient();
              for (int i = from; i < to; i++) {
                gradient[i] += theirs[i];
              }
            }
          });
    }
    if (statistics.length > 0) {
      Arrays.fill(statistics, 0f);
      replicas.forEach(replica -> replica.addStatistics(statistics));
      divide(statistics, replicas.size());
    }
  }

  private static void divide(float[] values, int by) {
    for (int i = 0; i < values.length; i++) {
      values[i] /= by;
    }
  }

  /** Adds all nodes' gradients and scalars; statistics become their mean. */
  void exchangeGradients(Exchange exchange, double[] scalars, int step) {
    exchange.sum(gradient, scalars, step);
    exchangeStatistics(exchange, step);
  }

  private void exchangeStatistics(Exchange exchange, int step) {
    if (statistics.length > 0) {
      if (exchange.nodes() > 1) {
        exchange.sumExactly(statistics, new double[0], step);
        divide(statistics, exchange.nodes());
      }
      replicas.forEach(replica -> replica.useStatistics(statistics));
    }
  }

  /** Weights, and all that belongs to each of them, become the mean over nodes; scalars add. */
  void exchangeWeights(Exchange exchange, double[] scalars, int step) {
    exchange.sumExactly(weights, scalars, step);
    divide(weights, exchange.nodes());
    for (float[] each : state) {
      exchange.sumExactly(each, new double[0], step);
      divide(each, exchange.nodes());
    }
    if (average.length > 0) {
      exchange.sumExactly(average, new double[0], step);
      divide(average, exchange.nodes());
    }
    exchangeStatistics(exchange, step);
  }

  /** The norm of the gathered gradient; not finite when one of its entries is not. */
  double norm() {
    double[] squares = new double[cuts.length - 1];
    slices((index, from, to) -> squares[index] = GradientNorm.squares(gradient, from, to));
    return Math.sqrt(Arrays.stream(squares).sum());
  }

  /**
   * Changes the weights by the gathered gradient.
   *
   * @param parts of which the gradient is the sum
   * @param norm of the gradient
   */
  void update(int step, double rate, int parts, double norm) {
    double clip = loop.clip() > 0 ? GradientNorm.clip(norm / parts, loop.clip()) : 1;
    UpdateStep how = new UpdateStep(step, rate, clip / parts);
    slices(
        (index, from, to) -> {
          if (from < to) {
            rule.update(weights, gradient, state, from, to, how);
            if (average.length > 0) {
              WeightAverage.update(average, weights, from, to, loop.average());
            }
          }
        });
  }

  /** Puts the average, if there is one, in the place of the weights. */
  void showAverage() {
    System.arraycopy(weights, 0, aside, 0, aside.length);
    System.arraycopy(average, 0, weights, 0, average.length);
  }

  /** Takes back what {@link #showAverage} did. */
  void showWeights() {
    System.arraycopy(aside, 0, weights, 0, aside.length);
  }

  /** A copy of what is validated: weights, then statistics. */
  float[] shown() {
    float[] copy = Arrays.copyOf(weights, weights.length + statistics.length);
    System.arraycopy(statistics, 0, copy, weights.length, statistics.length);
    return copy;
  }

  /** Puts back what {@link #shown} gave. */
  void show(float[] copy) {
    System.arraycopy(copy, 0, weights, 0, weights.length);
    System.arraycopy(copy, weights.length, statistics, 0, statistics.length);
    replicas.forEach(replica -> replica.useStatistics(statistics));
  }

  /** A checksum of everything; nodes that agree have the same. */
  long hash() {
    CRC32C crc = new CRC32C();
    byte[] bytes = new byte[1 << 16];
    tensors()
        .forEach(
            (name, values) -> {
              ByteBuffer buffer = ByteBuffer.wrap(bytes);
              for (int at = 0; at < values.length; at += bytes.length / 4) {
                int count = Math.min(bytes.length / 4, values.length - at);
                buffer.clear();
                buffer.asFloatBuffer().put(values, at, count);
                crc.update(bytes, 0, 4 * count);
              }
            });
    return crc.getValue();
  }

  boolean isFinite() {
    return tensors().values().stream().allMatch(NodeWeights::isFinite);
  }

  private static boolean isFinite(float[] values) {
    float zeros = 0;
    for (float value : values) {
      zeros += value * 0f;
    }
    return zeros == 0;
  }

  /** All arrays by name: the node's own. */
  private Map<String, float[]> tensors() {
    Map<String, float[]> tensors = new LinkedHashMap<>();
    tensors.put(WEIGHTS, weights);
    tensors.put(STATISTICS, statistics);
    tensors.put(AVERAGE, average);
    for (int i = 0; i < state.length; i++) {
      tensors.put(rule.stateNames().get(i), state[i]);
    }
    return tensors;
  }

  /** Everything by name, copied. */
  Map<String, FloatTensor> stored() {
    Map<String, FloatTensor> copies = new LinkedHashMap<>();
    tensors()
        .forEach(
            (name, values) -> copies.put(name, FloatTensor.of(List.of(values.length), values)));
    return copies;
  }

  /**
   * Goes on from what was {@link #stored}.
   *
   * @throws IllegalArgumentException when it is of another student or optimizer
   */
  void restore(Map<String, FloatTensor> stored) {
    tensors()
        .forEach(
            (name, values) -> {
              FloatTensor tensor = stored.get(name);
              if (tensor == null || tensor.size() != values.length) {
                throw new IllegalArgumentException(
                    "the checkpoint has no %d values of '%s'".formatted(values.length, name));
              }
              System.arraycopy(tensor.values(), 0, values, 0, values.length);
            });
    replicas.forEach(replica -> replica.useStatistics(statistics));
  }
}
