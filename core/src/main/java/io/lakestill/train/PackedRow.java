package io.lakestill.train;

import java.io.Serializable;

/**
 * One training example, decoded: the features and the target of each of its views, one after the
 * other. Owns its arrays.
 *
 * @param features {@code [views, feature width]}
 * @param targets {@code [views, target width]}, laid out by {@link RowLayout}
 */
public record PackedRow(float[] features, float[] targets) implements Serializable {
  private static final long serialVersionUID = 1L;
}
