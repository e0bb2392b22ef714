package io.lakestill.objective.numeric;

import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import java.util.Arrays;

/**
 * A feature map in double precision, averaged over a coarser grid when it has to match another.
 *
 * <p>Cell {@code i} of {@code out} along an axis of length {@code in} averages the entries from
 * {@code floor(i in / out)} to {@code ceil((i + 1) in / out)}, the end not included; cells overlap
 * when the lengths do not divide.
 */
public final class SpatialMap implements java.io.Serializable {
  private static final long serialVersionUID = 1L;

  private int maps;
  private int sourceHeight;
  private int sourceWidth;
  private int height;
  private int width;
  private int channels;
  private int rows;
  private transient double[] values;
  private transient double[] bySource;

  /** Reads {@code [rows, channels, height, width]} as it is. */
  public double[] read(Tensor map) {
    return read(map, map.dimension(2), map.dimension(3));
  }

  /** Reads a map, averaged to a grid of {@code height} by {@code width}. */
  public double[] read(Tensor map, int height, int width) {
    rows = map.dimension(0);
    channels = map.dimension(1);
    maps = rows * channels;
    sourceHeight = map.dimension(2);
    sourceWidth = map.dimension(3);
    this.height = height;
    this.width = width;
    if (height == sourceHeight && width == sourceWidth) {
      values = Doubles.of(map, values);
      return values;
    }
    values = Scratch.atLeast(values, maps * height * width);
    for (int cell = 0; cell < maps * height * width; cell++) {
      int top = top(cell);
      int bottom = bottom(cell);
      int left = left(cell);
      int right = right(cell);
      double sum = 0;
      for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
          sum += map.at(at(cell, y, x));
        }
      }
      values[cell] = sum / ((bottom - top) * (right - left));
    }
    return values;
  }

  /** What the last {@link #read} returned. */
  public double[] values() {
    return values;
  }

  public int rows() {
    return rows;
  }

  public int channels() {
    return channels;
  }

  /** The cells of one channel. */
  public int positions() {
    return height * width;
  }

  /** Adds {@code factor} times the derivative by the source map to its accumulator. */
  public void backward(double[] byValues, double factor, Tensor accumulator) {
    if (height == sourceHeight && width == sourceWidth) {
      Doubles.addTo(accumulator, factor, byValues);
      return;
    }
    bySource = Scratch.atLeast(bySource, accumulator.size());
    Arrays.fill(bySource, 0, accumulator.size(), 0.0);
    for (int cell = 0; cell < maps * height * width; cell++) {
      int top = top(cell);
      int bottom = bottom(cell);
      int left = left(cell);
      int right = right(cell);
      double share = byValues[cell] / ((bottom - top) * (right - left));
      for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
          bySource[at(cell, y, x)] += share;
        }
      }
    }
    Doubles.addTo(accumulator, factor, bySource);
  }

  private int at(int cell, int y, int x) {
    return (cell / (height * width) * sourceHeight + y) * sourceWidth + x;
  }

  private int top(int cell) {
    return cell / width % height * sourceHeight / height;
  }

  private int bottom(int cell) {
    return ((cell / width % height + 1) * sourceHeight + height - 1) / height;
  }

  private int left(int cell) {
    return cell % width * sourceWidth / width;
  }

  private int right(int cell) {
    return ((cell % width + 1) * sourceWidth + width - 1) / width;
  }
}
