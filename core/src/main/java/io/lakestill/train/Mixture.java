package io.lakestill.train;

import java.util.List;
import java.util.Optional;

/**
 * How the rows of one core's batch are mixed in pairs: row {@code i} with row {@code partners[i]}.
 *
 * <p>Without a box {@code x_i = share x_i + (1 - share) x_j}, in float as PyTorch computes it; with
 * one, {@code x_i} is that of its partner within the box and its own elsewhere, and {@code share}
 * the part of the image that lies outside.
 *
 * @param share what a row keeps of itself, from 0 to 1
 * @param partners a permutation of the rows: not copied
 * @param box what is cut out; empty for a mean of whole rows
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
public record Mixture(double share, int[] partners, Optional<Box> box) {

  /** Rows {@code [top, bottom)} and columns {@code [left, right)} of an image. */
  public record Box(int top, int left, int bottom, int right) {
    int area() {
      return (bottom - top) * (right - left);
    }
  }

  /** Weighted means, by Zhang et al., "mixup: Beyond empirical risk minimization", 2018. */
  public static Mixture mean(double share, int[] partners) {
    return new Mixture(share, partners, Optional.empty());
  }

  /**
   * A box of the partner's, by Yun et al., "CutMix", 2019: sides of {@code sqrt(1 - lambda)} of the
   * image's, rounded down, about a centre; what lies outside the image is cut off.
   *
   * @param lambda the share before the box is cut off
   * @param row of the centre
   * @param column of the centre
   */
  public static Mixture box(
      double lambda, int row, int column, int height, int width, int[] partners) {
    double side = Math.sqrt(1 - lambda);
    int up = (int) (height * side) / 2;
    int left = (int) (width * side) / 2;
    Box box =
        new Box(
            Math.max(row - up, 0),
            Math.max(column - left, 0),
            Math.min(row + up, height),
            Math.min(column + left, width));
    double share = 1 - (double) box.area() / (height * width);
    return new Mixture(share, partners, Optional.of(box));
  }

  /**
   * Mixes features.
   *
   * @param rows {@code [rows, shape]}, changed in place
   * @param copy as long, overwritten
   * @param shape of one row; {@code [channels, height, width]} where there is a box
   */
  public void mix(float[] rows, float[] copy, List<Integer> shape) {
    System.arraycopy(rows, 0, copy, 0, rows.length);
    int width = rows.length / partners.length;
    for (int row = 0; row < partners.length; row++) {
      if (box.isPresent()) {
        paste(box.get(), copy, partners[row] * width, rows, row * width, shape);
      } else {
        blend(copy, partners[row] * width, rows, row * width, width);
      }
    }
  }

  private void blend(float[] from, int first, float[] to, int at, int width) {
    float own = (float) share;
    float others = (float) (1 - share);
    for (int i = 0; i < width; i++) {
      to[at + i] = own * to[at + i] + others * from[first + i];
    }
  }

  private static void paste(
      Box box, float[] from, int first, float[] to, int at, List<Integer> shape) {
    int height = shape.get(1);
    int width = shape.get(2);
    for (int channel = 0; channel < shape.get(0); channel++) {
      for (int row = box.top(); row < box.bottom(); row++) {
        int place = (channel * height + row) * width + box.left();
        System.arraycopy(from, first + place, to, at + place, box.right() - box.left());
      }
    }
  }
}
