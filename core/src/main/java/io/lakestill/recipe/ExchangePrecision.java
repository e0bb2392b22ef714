package io.lakestill.recipe;

/** How gradients travel between nodes. */
public enum ExchangePrecision {
  /** As they are. */
  FP32,
  /** Rounded to the nearest half, each message scaled by a power of two. */
  FP16
}
