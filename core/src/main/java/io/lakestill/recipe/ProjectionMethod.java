package io.lakestill.recipe;

/** How a projector is made that narrows a signal. */
public enum ProjectionMethod {
  /** A seeded random matrix of orthonormal columns: keeps distances, knows nothing of the data. */
  RANDOM,
  /** The principal components of a sample of what the teacher says. */
  PCA
}
