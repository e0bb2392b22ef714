package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.BatchNormalization$;
import com.intel.analytics.bigdl.dllib.nn.CAddTable$;
import com.intel.analytics.bigdl.dllib.nn.Dropout$;
import com.intel.analytics.bigdl.dllib.nn.Identity$;
import com.intel.analytics.bigdl.dllib.nn.Linear$;
import com.intel.analytics.bigdl.dllib.nn.ReLU$;
import com.intel.analytics.bigdl.dllib.nn.Reshape$;
import com.intel.analytics.bigdl.dllib.nn.SpatialAveragePooling$;
import com.intel.analytics.bigdl.dllib.nn.SpatialBatchNormalization$;
import com.intel.analytics.bigdl.dllib.nn.SpatialConvolution$;
import com.intel.analytics.bigdl.dllib.nn.SpatialMaxPooling$;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.DataFormat.NCHW$;
import io.lakestill.bigdl.ArrayConvolution.InputGradient;
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
import scala.Some;

/**
 * One BigDL module per layer. Layouts agree without a transposition: a linear weight is {@code
 * [out, in]} on both sides, a convolution's {@code [out, in, h, w]} has a leading axis of one group
 * in BigDL. Momentum and the unbiased running variance of batch normalisation mean the same, too.
 */
final class ModuleBuilder implements Layer.Visitor<AbstractModule<?, ?, Float>> {
  /** What the modules are for. */
  enum Purpose {
    /** Our own faster layers where there are any. */
    TRAINING,
    /** BigDL's own layers, but for what it cannot repeat from a seed. */
    TRAINING_ON_BIGDL,
    /** BigDL's own layers only, so that plain BigDL loads the file. */
    INFERENCE
  }

  private final StudentGraph graph;
  private final Purpose purpose;
  private final long seed;

  /**
   * @param seed of the layers that draw
   */
  ModuleBuilder(StudentGraph graph, Purpose purpose, long seed) {
    this.graph = graph;
    this.purpose = purpose;
    this.seed = seed;
  }

  long seed() {
    return seed;
  }

  @Override
  public AbstractModule<?, ?, Float> convolution(Convolution layer) {
    if (purpose == Purpose.TRAINING) {
      return new ArrayConvolution(
          input(layer).channels(),
          layer.channels(),
          layer.kernel(),
          layer.stride(),
          layer.padding(),
          layer.bias(),
          use(layer));
    }
    return SpatialConvolution$.MODULE$.apply(
        input(layer).channels(),
        layer.channels(),
        layer.kernel(),
        layer.kernel(),
        layer.stride(),
        layer.stride(),
        layer.padding(),
        layer.padding(),
        1,
        use(layer) == InputGradient.NEEDED,
        null,
        null,
        null,
        null,
        null,
        null,
        layer.bias(),
        NCHW$.MODULE$,
        Floats.tag(),
        Floats.numeric());
  }

  @Override
  public AbstractModule<?, ?, Float> batchNormalisation(BatchNormalisation layer) {
    int channels = input(layer).channels();
    double epsilon = layer.epsilon();
    double momentum = layer.momentum();
    if (purpose == Purpose.TRAINING && input(layer).isImage()) {
      return new ArrayBatchNormalisation(channels, epsilon, momentum);
    }
    return input(layer).isImage()
        ? SpatialBatchNormalization$.MODULE$.apply(
            channels,
            epsilon,
            momentum,
            true,
            null,
            null,
            null,
            null,
            NCHW$.MODULE$,
            Floats.tag(),
            Floats.numeric())
        : BatchNormalization$.MODULE$.apply(
            channels,
            epsilon,
            momentum,
            true,
            null,
            null,
            null,
            null,
            Floats.tag(),
            Floats.numeric());
  }

  @Override
  public AbstractModule<?, ?, Float> linear(Linear layer) {
    if (purpose == Purpose.TRAINING) {
      return new ArrayLinear(input(layer).width(), layer.width(), layer.bias(), use(layer));
    }
    return Linear$.MODULE$.apply(
        input(layer).width(),
        layer.width(),
        layer.bias(),
        null,
        null,
        null,
        null,
        null,
        null,
        Floats.tag(),
        Floats.numeric());
  }

  @Override
  public AbstractModule<?, ?, Float> relu(Relu layer) {
    return purpose == Purpose.TRAINING
        ? new ArrayRelu()
        : ReLU$.MODULE$.apply(false, Floats.tag(), Floats.numeric());
  }

  @Override
  public AbstractModule<?, ?, Float> maxPooling(MaxPooling layer) {
    if (purpose == Purpose.TRAINING) {
      return new ArrayMaxPooling(layer.kernel(), layer.stride(), layer.padding());
    }
    return SpatialMaxPooling$.MODULE$.apply(
        layer.kernel(),
        layer.kernel(),
        layer.stride(),
        layer.stride(),
        layer.padding(),
        layer.padding(),
        NCHW$.MODULE$,
        Floats.tag(),
        Floats.numeric());
  }

  @Override
  public AbstractModule<?, ?, Float> averagePooling(AveragePooling layer) {
    return averages(layer.kernel(), layer.kernel(), layer.stride(), layer.padding());
  }

  /** Gives {@code [c, 1, 1]}; {@link BigDlGraph} flattens it. */
  @Override
  public AbstractModule<?, ?, Float> globalAveragePooling(GlobalAveragePooling layer) {
    Shape image = input(layer);
    if (purpose == Purpose.TRAINING) {
      return new ArrayGlobalPooling(image.sizes().get(1), image.sizes().get(2));
    }
    return averages(image.sizes().get(2), image.sizes().get(1), 1, 0);
  }

  private static AbstractModule<?, ?, Float> averages(
      int width, int height, int stride, int padding) {
    return SpatialAveragePooling$.MODULE$.apply(
        width,
        height,
        stride,
        stride,
        padding,
        padding,
        false,
        false,
        true,
        true,
        NCHW$.MODULE$,
        Floats.tag(),
        Floats.numeric());
  }

  @Override
  public AbstractModule<?, ?, Float> add(Add layer) {
    return purpose == Purpose.TRAINING
        ? new ArrayAdd()
        : CAddTable$.MODULE$.apply(false, Floats.tag(), Floats.numeric());
  }

  @Override
  public AbstractModule<?, ?, Float> flatten(Flatten layer) {
    return flat(input(layer).width());
  }

  @Override
  public AbstractModule<?, ?, Float> dropout(Dropout layer) {
    if (layer.rate() == 0) {
      return Identity$.MODULE$.apply(Floats.tag(), Floats.numeric());
    }
    return purpose != Purpose.INFERENCE
        ? new SeededDropout(layer.rate(), 31 * seed + layer.name().hashCode())
        : Dropout$.MODULE$.apply(layer.rate(), false, true, Floats.tag(), Floats.numeric());
  }

  /** Lays all values of a row in a line. */
  static AbstractModule<?, ?, Float> flat(int width) {
    return Reshape$.MODULE$.apply(
        new int[] {width}, new Some<Object>(true), Floats.tag(), Floats.numeric());
  }

  /**
   * Nobody asks for the gradient by the rows themselves, but BigDL adds it where it has several.
   */
  private InputGradient use(Layer layer) {
    String from = layer.inputs().get(0);
    boolean alone = isAloneWith(from);
    while (!from.equals(Layer.INPUT) && graph.layer(from) instanceof Flatten flatten) {
      from = flatten.inputs().get(0);
      alone &= isAloneWith(from);
    }
    return alone && from.equals(Layer.INPUT) ? InputGradient.UNUSED : InputGradient.NEEDED;
  }

  private boolean isAloneWith(String read) {
    return graph.layers().stream()
            .flatMap(layer -> layer.inputs().stream())
            .filter(read::equals)
            .count()
        == 1;
  }

  private Shape input(Layer layer) {
    return graph.inputShapes(layer).get(0);
  }
}
