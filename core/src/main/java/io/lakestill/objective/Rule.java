package io.lakestill.objective;

import io.lakestill.recipe.Schedule;

/** Rules on options; each returns the value it was given or says what is wrong with it. */
public final class Rule {
  private Rule() {}

  /** A finite number above 0. */
  public static double positive(String option, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(option + " must be above 0, is " + value);
    }
    return value;
  }

  /** A number that is finite and above 0 at all times. */
  public static Schedule positive(String option, Schedule schedule) {
    positive(option, schedule.smallest());
    positive(option, schedule.largest());
    return schedule;
  }

  /** A number that is finite and 0 or above at all times. */
  public static Schedule notNegative(String option, Schedule schedule) {
    notNegative(option, schedule.smallest());
    notNegative(option, schedule.largest());
    return schedule;
  }

  /** A finite number, 0 or above. */
  public static double notNegative(String option, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(option + " must not be negative, is " + value);
    }
    return value;
  }

  /** A number from 0 to 1, both included. */
  public static double fraction(String option, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(option + " must be from 0 to 1, is " + value);
    }
    return value;
  }

  /** A whole number of at least {@code least}. */
  public static int atLeast(int least, String option, int value) {
    if (value < least) {
      throw new IllegalArgumentException(option + " must be at least " + least + ", is " + value);
    }
    return value;
  }
}
