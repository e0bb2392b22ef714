package io.lakestill.student;

import java.util.List;

/** The names of the kinds of layers, in recipes and in JSON. */
final class LayerType {
  static final String CONVOLUTION = "convolution";
  static final String BATCH_NORMALISATION = "batch-normalisation";
  static final String LINEAR = "linear";
  static final String RELU = "relu";
  static final String MAX_POOLING = "max-pooling";
  static final String AVERAGE_POOLING = "average-pooling";
  static final String GLOBAL_AVERAGE_POOLING = "global-average-pooling";
  static final String ADD = "add";
  static final String FLATTEN = "flatten";
  static final String DROPOUT = "dropout";

  static final List<String> ALL =
      List.of(
          CONVOLUTION,
          BATCH_NORMALISATION,
          LINEAR,
          RELU,
          MAX_POOLING,
          AVERAGE_POOLING,
          GLOBAL_AVERAGE_POOLING,
          ADD,
          FLATTEN,
          DROPOUT);

  private LayerType() {}
}
