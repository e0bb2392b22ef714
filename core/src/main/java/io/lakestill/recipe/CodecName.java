package io.lakestill.recipe;

/** How a signal is stored, as a recipe names it. */
public enum CodecName {
  /** 32-bit floats. */
  DENSE32,
  /** IEEE half-precision floats. */
  DENSE16,
  /** Bytes and a scale per row. */
  INT8,
  /** Of a row of logits the largest, and the mass of the others. */
  TOPK
}
