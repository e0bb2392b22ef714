package io.lakestill.student;

import java.util.List;

/**
 * One layer of a {@link StudentGraph}: what it computes, from which layers, and the parameters it
 * owns. Shapes are those of one example. A back end walks layers with a {@link Visitor}, so that
 * the compiler names every place a new kind of layer must be added to.
 */
public sealed interface Layer
    permits Convolution,
        BatchNormalisation,
        Linear,
        Relu,
        MaxPooling,
        AveragePooling,
        GlobalAveragePooling,
        Add,
        Flatten,
        Dropout {

  /** The name by which layers read the examples themselves; no layer may be called so. */
  String INPUT = "input";

  /** Unique in its graph: 1 to 96 letters, digits, '_', '.' or '-'. */
  String name();

  /** The layers it reads, in order; {@link #INPUT} for the examples. */
  List<String> inputs();

  /**
   * @param inputs one shape per name of {@link #inputs()}
   * @throws IllegalArgumentException when the layer cannot take these, with the reason
   */
  Shape outputShape(List<Shape> inputs);

  /**
   * What the layer owns for inputs of these shapes, in the order of weight, bias, mean, variance;
   * nothing unless it says so.
   *
   * @param inputs shapes that {@link #outputShape} accepts
   */
  default List<ParameterSpec> parameters(List<Shape> inputs) {
    return List.of();
  }

  <R> R accept(Visitor<R> visitor);

  /** One method per kind of layer. */
  interface Visitor<R> {
    R convolution(Convolution layer);

    R batchNormalisation(BatchNormalisation layer);

    R linear(Linear layer);

    R relu(Relu layer);

    R maxPooling(MaxPooling layer);

    R averagePooling(AveragePooling layer);

    R globalAveragePooling(GlobalAveragePooling layer);

    R add(Add layer);

    R flatten(Flatten layer);

    R dropout(Dropout layer);
  }
}
