package io.lakestill.objective.feature;

import io.lakestill.objective.Batch;
import java.util.Locale;

/** Which of a network's features an objective compares when it takes either. */
public enum Feature {
  /** The vector before the classifier. */
  EMBEDDING,
  /** A feature map. */
  MAP;

  /** The name after {@code student.} and {@code teacher.}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** This feature, or the other when the batch has only that. */
  String in(Batch batch) {
    Feature other = this == MAP ? EMBEDDING : MAP;
    boolean onlyOther = !batch.has("student." + key()) && batch.has("student." + other.key());
    return onlyOther ? other.key() : key();
  }
}
