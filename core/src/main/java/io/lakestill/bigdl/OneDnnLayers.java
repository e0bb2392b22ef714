package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.DataFormat.NCHW$;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.AvgPooling$;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.CAddTable$;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.MaxPooling$;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.ReLU$;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.SpatialBatchNormalization$;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.SpatialConvolution$;
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
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * BigDL's oneDNN layer of each layer that has one: those that make images of images. On vectors
 * oneDNN has nothing to win, and its average counts the padding otherwise than ours.
 */
final class OneDnnLayers implements Layer.Visitor<Optional<AbstractModule<?, ?, Float>>> {
  private final StudentGraph graph;

  OneDnnLayers(StudentGraph graph) {
    this.graph = graph;
  }

  /**
   * The first layers of a student.
   *
   * @param layers in the graph's order; may be none
   * @param exits those whose values others read or ask for
   */
  record Trunk(List<String> layers, List<String> exits) {}

  /**
   * The layers that oneDNN can compute one after the other from the examples on, before any that it
   * cannot.
   *
   * @param outputs that are asked for; what leads to none of them is left out
   */
  static Trunk trunk(StudentGraph graph, List<String> outputs) {
    Set<String> wanted = new HashSet<>();
    outputs.forEach(output -> wanted.add(graph.outputs().get(output)));
    Set<String> exits = new HashSet<>(wanted);
    Set<String> inside = inside(graph);
    List<Layer> backwards = new ArrayList<>(graph.layers());
    Collections.reverse(backwards);
    for (Layer layer : backwards) {
      if (wanted.contains(layer.name())) {
        wanted.addAll(layer.inputs());
        if (!inside.contains(layer.name())) {
          exits.addAll(layer.inputs());
        }
      }
    }
    List<String> layers = inside.stream().filter(wanted::contains).toList();
    return new Trunk(layers, layers.stream().filter(exits::contains).toList());
  }

  private static Set<String> inside(StudentGraph graph) {
    OneDnnLayers modules = new OneDnnLayers(graph);
    Set<String> known = new LinkedHashSet<>(List.of(Layer.INPUT));
    for (Layer layer : graph.layers()) {
      boolean isImage = graph.inputShapes(layer).stream().allMatch(Shape::isImage);
      if (isImage && known.containsAll(layer.inputs()) && layer.accept(modules).isPresent()) {
        known.add(layer.name());
      }
    }
    known.remove(Layer.INPUT);
    return known;
  }

  @Override
  public Optional<AbstractModule<?, ?, Float>> convolution(Convolution layer) {
    return made(
        SpatialConvolution$.MODULE$.apply(
            input(layer).channels(),
            layer.channels(),
            layer.kernel(),
            layer.kernel(),
            layer.stride(),
            layer.stride(),
            layer.padding(),
            layer.padding(),
            1,
            true,
            null,
            null,
            null,
            null,
            null,
            null,
            layer.bias(),
            NCHW$.MODULE$,
            1,
            1));
  }

  /** Without momentum its running statistics are those of the batch; {@link OneDnnStep} uses it. */
  @Override
  public Optional<AbstractModule<?, ?, Float>> batchNormalisation(BatchNormalisation layer) {
    return made(
        SpatialBatchNormalization$.MODULE$.apply(
            input(layer).channels(),
            layer.epsilon(),
            0,
            true,
            null,
            null,
            null,
            null,
            NCHW$.MODULE$));
  }

  @Override
  public Optional<AbstractModule<?, ?, Float>> relu(Relu layer) {
    return made(ReLU$.MODULE$.apply(0f));
  }

  @Override
  public Optional<AbstractModule<?, ?, Float>> maxPooling(MaxPooling layer) {
    return made(
        MaxPooling$.MODULE$
            .apply(
                layer.kernel(),
                layer.kernel(),
                layer.stride(),
                layer.stride(),
                layer.padding(),
                layer.padding(),
                NCHW$.MODULE$)
            .floor());
  }

  @Override
  public Optional<AbstractModule<?, ?, Float>> averagePooling(AveragePooling layer) {
    return layer.padding() > 0
        ? Optional.empty()
        : made(
            AvgPooling$.MODULE$
                .apply(
                    layer.kernel(),
                    layer.kernel(),
                    layer.stride(),
                    layer.stride(),
                    0,
                    0,
                    false,
                    NCHW$.MODULE$)
                .floor());
  }

  @Override
  public Optional<AbstractModule<?, ?, Float>> globalAveragePooling(GlobalAveragePooling layer) {
    return Optional.empty();
  }

  @Override
  public Optional<AbstractModule<?, ?, Float>> linear(Linear layer) {
    return Optional.empty();
  }

  @Override
  public Optional<AbstractModule<?, ?, Float>> add(Add layer) {
    return made(CAddTable$.MODULE$.apply());
  }

  @Override
  public Optional<AbstractModule<?, ?, Float>> flatten(Flatten layer) {
    return Optional.empty();
  }

  @Override
  public Optional<AbstractModule<?, ?, Float>> dropout(Dropout layer) {
    return Optional.empty();
  }

  @SuppressWarnings("unchecked") // Scala's Float is Object to Java.
  private static Optional<AbstractModule<?, ?, Float>> made(AbstractModule<?, ?, ?> module) {
    return Optional.of((AbstractModule<?, ?, Float>) module);
  }

  private Shape input(Layer layer) {
    return graph.inputShapes(layer).get(0);
  }
}
