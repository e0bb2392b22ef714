package io.lakestill.recipe;

/** The order of the axes in the raw features; Lakestill itself always works channels first. */
public enum Layout {
  /** Channels, height, width. */
  CHW,
  /** Height, width, channels. */
  HWC
}
