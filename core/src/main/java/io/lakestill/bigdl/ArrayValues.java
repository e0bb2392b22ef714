package io.lakestill.bigdl;

import io.lakestill.student.Add;
import io.lakestill.student.AveragePooling;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Convolution;
import io.lakestill.student.Dropout;
import io.lakestill.student.Flatten;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.MaxPooling;
import io.lakestill.student.Relu;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.List;

/**
 * The values that a layer over arrays keeps, one array each.
 *
 * @param result of a row
 * @param noted of a row for the way back: where the largest were, what was dropped
 * @param gradients of a row, by each input
 * @param shifted copies of one image, for its products
 * @param turned the same of one gradient
 */
record ArrayValues(long result, long noted, List<Long> gradients, long shifted, long turned) {

  /** Of the layers of a student. */
  record Of(StudentGraph graph) implements Layer.Visitor<ArrayValues> {
    private ArrayValues plain(Layer layer) {
      return noting(layer, 0);
    }

    private ArrayValues noting(Layer layer, long noted) {
      return new ArrayValues(result(layer), noted, gradients(layer), 0, 0);
    }

    private long result(Layer layer) {
      return graph.shapeOf(layer.name()).width();
    }

    private List<Long> gradients(Layer layer) {
      return graph.inputShapes(layer).stream().map(shape -> (long) shape.width()).toList();
    }

    /** As {@link ArrayConvolution} computes it, with two copies of its weights beside the image. */
    @Override
    public ArrayValues convolution(Convolution layer) {
      Shape in = graph.inputShapes(layer).get(0);
      Shape out = graph.shapeOf(layer.name());
      long kernel = layer.kernel();
      long weights = in.channels() * out.channels() * kernel * kernel;
      long rows = in.sizes().get(1) + 2L * layer.padding();
      long shifted = in.channels() * kernel * rows * out.sizes().get(2);
      boolean readsRows = layer.inputs().contains(Layer.INPUT);
      long turned = out.channels() * kernel * (in.sizes().get(1) + kernel) * in.sizes().get(2);
      return new ArrayValues(
          result(layer),
          0,
          readsRows ? List.of() : gradients(layer),
          shifted + weights,
          weights + (readsRows ? 0 : Math.max(turned, shifted)));
    }

    @Override
    public ArrayValues batchNormalisation(BatchNormalisation layer) {
      return plain(layer);
    }

    @Override
    public ArrayValues linear(Linear layer) {
      return plain(layer);
    }

    @Override
    public ArrayValues relu(Relu layer) {
      return plain(layer);
    }

    @Override
    public ArrayValues maxPooling(MaxPooling layer) {
      return noting(layer, result(layer));
    }

    @Override
    public ArrayValues averagePooling(AveragePooling layer) {
      return plain(layer);
    }

    @Override
    public ArrayValues globalAveragePooling(GlobalAveragePooling layer) {
      return plain(layer);
    }

    @Override
    public ArrayValues add(Add layer) {
      return plain(layer);
    }

    /** Another view of the same values. */
    @Override
    public ArrayValues flatten(Flatten layer) {
      return new ArrayValues(0, 0, List.of(), 0, 0);
    }

    @Override
    public ArrayValues dropout(Dropout layer) {
      return noting(layer, result(layer));
    }
  }
}
