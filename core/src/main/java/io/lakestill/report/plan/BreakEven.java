package io.lakestill.report.plan;

/**
 * From how many epochs on it costs less to ask a teacher once and keep what it says than to ask it
 * in every step of every training.
 *
 * <pre>
 * kept    = passRows * relativeCost                 in units of one row through the teacher
 * online  = epochs * examples                       an epoch sees one view of each example
 * epochs* = passRows * relativeCost / examples      where both are equal
 * </pre>
 *
 * <p>{@code epochs} counts over all trainings that learn from the table: epochs of one training,
 * times students, times seeds. Left out on both sides is what they have in common: reading and
 * decoding the examples for the student. Left out of {@code kept}, for it is small beside any
 * teacher, is reading the signals once a training.
 *
 * @param examples training examples
 * @param passRows rows of the pass: the training examples in all their views, and the validation
 *     examples
 * @param relativeCost what a row of the pass costs (decode, teacher, encode, write), divided by
 *     what it costs in a training (the teacher alone); 1 where only the teacher is known
 */
public record BreakEven(long examples, long passRows, double relativeCost) {
  public BreakEven {
    if (examples < 1 || passRows < examples || !(relativeCost > 0)) {
      throw new IllegalArgumentException(
          "%d rows of a pass at cost %s for %d examples"
              .formatted(passRows, relativeCost, examples));
    }
  }

  /** Epochs with the teacher in the loop that cost as much as the pass. */
  public double epochs() {
    return passRows * relativeCost / examples;
  }

  /** The smallest number of epochs, over all trainings, that cost no less than the pass. */
  public long wholeEpochs() {
    return (long) Math.ceil(epochs());
  }

  /**
   * The smallest number of trainings (students times seeds) from which keeping pays.
   *
   * @param epochs of each
   */
  public long trainings(int epochs) {
    return (long) Math.ceil(epochs() / epochs);
  }

  /**
   * How many times the cost of the pass asking online would take.
   *
   * @param epochs over all trainings
   */
  public double factor(long epochs) {
    return epochs / epochs();
  }
}
