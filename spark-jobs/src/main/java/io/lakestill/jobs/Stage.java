package io.lakestill.jobs;

/** The stages of a recipe, in the order they depend on each other. */
enum Stage {
  TEACH,
  TRAIN,
  EXPORT,
  EVALUATE
}
