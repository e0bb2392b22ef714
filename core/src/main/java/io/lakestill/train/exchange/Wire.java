package io.lakestill.train.exchange;

import io.lakestill.recipe.ExchangePrecision;

/** How a value is written into a message. */
enum Wire {
  FLOAT(4),
  HALF(2);

  private final int bytes;

  Wire(int bytes) {
    this.bytes = bytes;
  }

  int bytes() {
    return bytes;
  }

  static Wire of(ExchangePrecision precision) {
    return precision == ExchangePrecision.FP16 ? HALF : FLOAT;
  }
}
