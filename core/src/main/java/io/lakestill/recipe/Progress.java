package io.lakestill.recipe;

import java.io.Serializable;

/**
 * How far a training is.
 *
 * @param epoch the running epoch, from 1
 * @param done the part of all steps that are done, in {@code [0, 1)}
 */
public record Progress(int epoch, double done) implements Serializable {
  /** Before the first step. */
  public static final Progress START = new Progress(1, 0);

  public Progress {
    if (epoch < 1 || !(done >= 0 && done <= 1)) {
      throw new IllegalArgumentException(
          "epoch must be at least 1 and done in [0, 1], are %d and %s".formatted(epoch, done));
    }
  }
}
