package io.lakestill.recipe;

/** How a lake table stores the raw features of an example. */
public enum Encoding {
  /** One binary column: one unsigned byte per value, row-major. */
  UINT8,
  /** One array column of numbers, or several numeric columns, one per value. */
  FLOAT,
  /** One binary column: an encoded image (PNG, JPEG, BMP, GIF). */
  IMAGE
}
