package io.lakestill.objective;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Accumulators of the derivative of a loss by each differentiable input, under the same names. */
public final class Gradients {
  private final Map<String, Tensor> accumulators;

  private Gradients(Map<String, Tensor> accumulators) {
    this.accumulators = accumulators;
  }

  /** Accumulators over the caller's own arrays. */
  public static Gradients over(Map<String, Tensor> accumulators) {
    return new Gradients(new TreeMap<>(accumulators));
  }

  /** New zeros, shaped as the inputs of these names. */
  public static Gradients of(Batch batch, Set<String> names) {
    Map<String, Tensor> zeros = new TreeMap<>();
    for (String name : names) {
      zeros.put(name, Tensor.zeros(batch.tensor(name).shape()));
    }
    return new Gradients(zeros);
  }

  public Set<String> names() {
    return accumulators.keySet();
  }

  public boolean has(String name) {
    return accumulators.containsKey(name);
  }

  /** The accumulator of an input; an objective adds to it and never overwrites. */
  public Tensor of(String name) {
    Tensor accumulator = accumulators.get(name);
    if (accumulator == null) {
      throw new IllegalArgumentException(
          "No gradient is kept for '%s', only for %s.".formatted(name, accumulators.keySet()));
    }
    return accumulator;
  }

  /** Sets every accumulator to zero. */
  public void zero() {
    accumulators.values().forEach(tensor -> Arrays.fill(tensor.data(), 0, tensor.size(), 0f));
  }

  /** Adds {@code factor} times another's accumulators to those of the same names. */
  public void add(double factor, Gradients other) {
    for (Map.Entry<String, Tensor> entry : other.accumulators.entrySet()) {
      float[] from = entry.getValue().data();
      float[] to = of(entry.getKey()).data();
      int size = entry.getValue().size();
      for (int i = 0; i < size; i++) {
        to[i] += (float) (factor * from[i]);
      }
    }
  }

  /** Becomes {@code own} times itself and {@code factor} times another of the same names. */
  void blend(double own, double factor, Gradients other) {
    for (Map.Entry<String, Tensor> entry : other.accumulators.entrySet()) {
      float[] from = entry.getValue().data();
      float[] to = of(entry.getKey()).data();
      int size = entry.getValue().size();
      for (int i = 0; i < size; i++) {
        to[i] = (float) (own * to[i] + factor * from[i]);
      }
    }
  }

  /** The Euclidean norm over all accumulators. */
  public double norm() {
    double sum = 0;
    for (Tensor tensor : accumulators.values()) {
      float[] data = tensor.data();
      int size = tensor.size();
      for (int i = 0; i < size; i++) {
        sum += (double) data[i] * data[i];
      }
    }
    return Math.sqrt(sum);
  }
}
