package io.lakestill.train;

import java.io.Serializable;

/**
 * The training rows of one partition, decoded and packed: what an executor holds in memory for a
 * whole training, so that a step is bulk copies and nothing else.
 *
 * <p>Each row keeps all its views. {@code features[row]} holds {@code [views, featureWidth]} and
 * {@code targets[row]} holds {@code [views, targetWidth]}, both row-major; one array per row, so a
 * block may pass the 2³¹ values of a Java array. The block takes ownership of the arrays.
 *
 * @param views the views of each row
 * @param featureWidth the values of one view's features
 * @param targetWidth the values of one view's target, laid out by {@link RowLayout}
 */
public record PackedRows(
    int views, int featureWidth, int targetWidth, float[][] features, float[][] targets)
    implements Serializable {
  public PackedRows {
    if (views < 1 || featureWidth < 1 || targetWidth < 1) {
      throw new IllegalArgumentException(
          "views, featureWidth and targetWidth must be positive, are %d, %d and %d"
              .formatted(views, featureWidth, targetWidth));
    }
    if (features.length != targets.length) {
      throw new IllegalArgumentException(
          "%d feature rows but %d target rows".formatted(features.length, targets.length));
    }
    for (int row = 0; row < features.length; row++) {
      if (features[row].length != views * featureWidth
          || targets[row].length != views * targetWidth) {
        throw new IllegalArgumentException(
            "row %d has %d features and %d targets, not %d and %d"
                .formatted(
                    row,
                    features[row].length,
                    targets[row].length,
                    views * featureWidth,
                    views * targetWidth));
      }
    }
  }

  public int rows() {
    return features.length;
  }

  /** The bytes of the packed values. */
  public long bytes() {
    return 4L * rows() * views * ((long) featureWidth + targetWidth);
  }

  /** Copies one view of one row into slot {@code slot} of a batch's two arrays. */
  public void copy(int row, int view, float[] batchFeatures, float[] batchTargets, int slot) {
    System.arraycopy(
        features[row], view * featureWidth, batchFeatures, slot * featureWidth, featureWidth);
    System.arraycopy(
        targets[row], view * targetWidth, batchTargets, slot * targetWidth, targetWidth);
  }
}
