package io.lakestill.objective.relation;

import io.lakestill.objective.Scratch;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Vectors linked to their nearest neighbours.
 *
 * <p>{@code A_ij = exp(-|x_i - x_j|^2 / (2 sigma))} where i is one of the k vectors nearest to j
 * and not j itself, else 0; of equally near ones those with the lowest index.
 */
final class NeighbourGraph implements Serializable {
  private static final long serialVersionUID = 1L;

  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] products;
  private transient double[] squares;
  private transient double[] weights;
  private transient double[] distances;

  /** {@code A: [count, count]}, valid until the next call. */
  double[] of(double[] x, int count, int width, int neighbours, double sigma) {
    products = Scratch.atLeast(products, count * count);
    squares = Scratch.atLeast(squares, count);
    distances = Scratch.atLeast(distances, count);
    weights = Scratch.atLeast(weights, count * count);
    Arrays.fill(weights, 0, count * count, 0.0);
    matrices.gram(x, count, width, products);
    for (int i = 0; i < count; i++) {
      squares[i] = Doubles.dot(x, i * width, x, i * width, width);
    }
    for (int j = 0; j < count; j++) {
      for (int i = 0; i < count; i++) {
        double square = squares[i] + squares[j] - 2 * products[j * count + i];
        distances[i] = i == j ? Double.POSITIVE_INFINITY : Math.max(0, square);
      }
      for (int k = 0; k < Math.min(neighbours, count - 1); k++) {
        int nearest = nearest(count);
        weights[nearest * count + j] = Math.exp(-distances[nearest] / (2 * sigma));
        distances[nearest] = Double.POSITIVE_INFINITY;
      }
    }
    return weights;
  }

  private int nearest(int count) {
    int nearest = 0;
    for (int i = 1; i < count; i++) {
      if (distances[i] < distances[nearest]) {
        nearest = i;
      }
    }
    return nearest;
  }

  /**
   * The chain rule from the links to the vectors: {@code d A_ij / d x_i = -A_ij (x_i - x_j) /
   * sigma}, and its negative by {@code x_j}.
   *
   * @param byLink {@code d loss / d A}
   * @param byX receives {@code d loss / d x}
   */
  void backward(double[] byLink, double[] x, int count, int width, double sigma, double[] byX) {
    Arrays.fill(byX, 0, count * width, 0.0);
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < count; j++) {
        double link = weights[i * count + j];
        if (link == 0) {
          continue;
        }
        double factor = -byLink[i * count + j] * link / sigma;
        for (int d = 0; d < width; d++) {
          double difference = factor * (x[i * width + d] - x[j * width + d]);
          byX[i * width + d] += difference;
          byX[j * width + d] -= difference;
        }
      }
    }
  }
}
