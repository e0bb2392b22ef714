package io.lakestill.recipe;

/** What computes the layers of a student while it trains ({@code train.engine}). */
public enum TrainingEngine {
  /** Lakestill's own layers over arrays, with products by BigDL's MKL. */
  ARRAYS,
  /** BigDL's own layers, for comparison: several times slower. */
  BIGDL,
  /** BigDL's oneDNN layers for what is computed on images, those over arrays for the rest. */
  ONEDNN,
  /** {@link #ARRAYS} or {@link #ONEDNN}, whichever a trial on the first rows finds faster. */
  AUTO
}
