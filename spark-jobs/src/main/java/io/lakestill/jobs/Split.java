package io.lakestill.jobs;

/** Which examples of a recipe are meant. */
public enum Split {
  /** What a teacher labels and a student learns from. */
  TRAIN,
  /** What chooses the best epoch. */
  VALIDATION,
  /** What the scorecard is made from. */
  TEST
}
