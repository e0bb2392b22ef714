package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.Graph$;
import com.intel.analytics.bigdl.dllib.nn.Identity;
import com.intel.analytics.bigdl.dllib.nn.Identity$;
import com.intel.analytics.bigdl.dllib.nn.Input$;
import com.intel.analytics.bigdl.dllib.nn.JoinTable$;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.utils.Node;
import io.lakestill.bigdl.ModuleBuilder.Purpose;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.ParameterSpec;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.HeadLayout;
import io.lakestill.train.LossParameters;
import io.lakestill.train.RowLayout;
import io.lakestill.train.WeightSegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import scala.Option;
import scala.Tuple2;
import scala.collection.JavaConverters;

/**
 * A {@link StudentGraph} with its numbers as a BigDL module, and the numbers read back.
 *
 * <p>Input: {@code [batch, width]} or {@code [batch, channels, height, width]}. The training form
 * gives one tensor {@code [batch, layout width]}; the inference form gives the graph's outputs in
 * their order, as one tensor when there is one and as a table when there are several.
 */
final class BigDlGraph {
  private final StudentGraph graph;
  private final AbstractModule<Activity, Activity, Float> module;
  private final Map<String, AbstractModule<Activity, Activity, Float>> layers;
  private final Optional<HeadColumns> heads;

  private BigDlGraph(
      StudentGraph graph,
      AbstractModule<Activity, Activity, Float> module,
      Map<String, AbstractModule<Activity, Activity, Float>> layers,
      Optional<HeadColumns> heads) {
    this.graph = graph;
    this.module = module;
    this.layers = layers;
    this.heads = heads;
  }

  /**
   * By our own layers, for a loss without parameters.
   *
   * @param outputs the flat output; layers that lead to none of its slots are left out
   * @param seed of the layers that draw
   */
  static BigDlGraph training(
      StudentGraph graph, RowLayout outputs, Parameters parameters, long seed) {
    return training(graph, outputs, LossParameters.NONE, parameters, seed, TrainingEngine.ARRAYS);
  }

  /**
   * @param outputs the flat output; layers that lead to none of its slots are left out
   * @param loss the parameters of the loss, laid in columns behind the outputs
   * @param seed of the layers that draw and of the heads
   * @param engine one that computes
   */
  static BigDlGraph training(
      StudentGraph graph,
      RowLayout outputs,
      LossParameters loss,
      Parameters parameters,
      long seed,
      TrainingEngine engine) {
    Wiring wiring = new Wiring(graph, new ModuleBuilder(graph, purpose(engine), seed));
    List<String> names = names(outputs);
    if (engine == TrainingEngine.ONEDNN) {
      wiring.trunk(names);
    }
    List<Node<AbstractModule<Activity, Activity, Float>>> flat =
        names.stream().map(wiring::flatOutput).toList();
    if (loss.size() == 0) {
      return wiring.build(List.of(joined(flat)), parameters, Optional.empty());
    }
    List<HeadColumns.Borrowed> borrowed =
        loss.borrowed().stream().map(one -> wiring.borrowed(one.parameter())).toList();
    HeadColumns columns = new HeadColumns(loss.heads().initial(seed), borrowed);
    return wiring.build(List.of(Wiring.node(columns, flat)), parameters, Optional.of(columns));
  }

  /** The student's outputs by their own names. */
  static List<String> names(RowLayout outputs) {
    return outputs.slots().stream()
        .map(slot -> slot.name().substring("student.".length()))
        .toList();
  }

  private static Purpose purpose(TrainingEngine engine) {
    return switch (engine) {
      case ARRAYS, ONEDNN -> Purpose.TRAINING;
      case BIGDL -> Purpose.TRAINING_ON_BIGDL;
      case AUTO -> throw new IllegalArgumentException("auto is a choice, not an engine");
    };
  }

  private static Node<AbstractModule<Activity, Activity, Float>> joined(
      List<Node<AbstractModule<Activity, Activity, Float>>> flat) {
    return flat.size() == 1
        ? flat.get(0)
        : Wiring.node(JoinTable$.MODULE$.apply(2, 0, Floats.tag(), Floats.numeric()), flat);
  }

  static BigDlGraph inference(StudentGraph graph, Parameters parameters) {
    Wiring wiring = new Wiring(graph, new ModuleBuilder(graph, Purpose.INFERENCE, 0));
    BigDlGraph built =
        wiring.build(
            graph.outputs().keySet().stream().map(wiring::output).toList(),
            parameters,
            Optional.empty());
    built.module.evaluate();
    return built;
  }

  AbstractModule<Activity, Activity, Float> module() {
    return module;
  }

  /**
   * The numbers the module holds now, running statistics included.
   *
   * @param others the numbers of layers the module leaves out
   */
  Parameters parameters(Parameters others) {
    Map<String, float[]> values = new HashMap<>();
    others.tensors().forEach((name, tensor) -> values.put(name, tensor.values()));
    layers.forEach(
        (name, layer) -> {
          List<ParameterSpec> specs = specs(graph, name);
          List<Tensor<Float>> tensors = tensors(layer);
          for (int i = 0; i < specs.size(); i++) {
            values.put(specs.get(i).name(), Floats.values(tensors.get(i)));
          }
        });
    return Parameters.of(graph, values);
  }

  /** Tells the layers that draw which batch comes next; see {@link SeededDropout#at}. */
  void at(long batch) {
    for (AbstractModule<Activity, Activity, Float> layer : layers.values()) {
      if ((AbstractModule<?, ?, Float>) layer instanceof SeededDropout dropout) {
        dropout.at(batch);
      }
    }
  }

  /**
   * Where each parameter lies in the module's flat vector of weights. Weights of layers and of
   * heads decay; biases, normalisations, temperatures and the like do not.
   *
   * @param headLayout of the heads the module holds
   */
  List<WeightSegment> segments(HeadLayout headLayout) {
    Map<Tensor<Float>, ParameterSpec> known = new IdentityHashMap<>();
    layers.forEach(
        (name, layer) -> {
          List<ParameterSpec> specs = specs(graph, name);
          for (int i = 0; layer.parameters() != null && i < layer.parameters()._1().length; i++) {
            known.put(layer.parameters()._1()[i], specs.get(i));
          }
        });
    List<WeightSegment> segments = new ArrayList<>();
    for (Tensor<Float> tensor : module.parameters()._1()) {
      ParameterSpec spec = known.get(tensor);
      if (spec == null) {
        headLayout.heads().forEach(head -> append(segments, head.name(), head.shape()));
      } else {
        append(segments, spec.name(), spec.shape());
      }
    }
    return segments;
  }

  private static void append(List<WeightSegment> segments, String name, List<Integer> shape) {
    int from = segments.isEmpty() ? 0 : segments.get(segments.size() - 1).to();
    int size = shape.stream().reduce(1, Math::multiplyExact);
    segments.add(new WeightSegment(name, from, from + size, shape.size() > 1));
  }

  /** Frees what lies outside the heap. */
  void release() {
    module.release();
  }

  /** The vector of the heads as the module holds it now, which is not part of the student. */
  float[] heads() {
    return heads.map(HeadColumns::heads).orElse(new float[0]);
  }

  private static List<ParameterSpec> specs(StudentGraph graph, String layer) {
    return graph.layer(layer).parameters(graph.inputShapes(graph.layer(layer)));
  }

  /** Weight, bias, running mean, running variance: the order of {@link Layer#parameters}. */
  private static List<Tensor<Float>> tensors(AbstractModule<Activity, Activity, Float> layer) {
    List<Tensor<Float>> tensors = new ArrayList<>();
    if (layer.parameters() != null) {
      tensors.addAll(List.of(layer.parameters()._1()));
    }
    if (layer.getExtraParameter() != null) {
      tensors.addAll(List.of(layer.getExtraParameter()));
    }
    return tensors;
  }

  /** Connects modules as the graph says; each layer is made when first asked for. */
  private static final class Wiring {
    private final StudentGraph graph;
    private final ModuleBuilder builder;
    private final Node<AbstractModule<Activity, Activity, Float>> input;
    private final Map<String, Node<AbstractModule<Activity, Activity, Float>>> nodes =
        new HashMap<>();
    private final Map<String, AbstractModule<Activity, Activity, Float>> modules = new HashMap<>();

    Wiring(StudentGraph graph, ModuleBuilder builder) {
      this.graph = graph;
      this.builder = builder;
      this.input = Input$.MODULE$.apply(Layer.INPUT, Floats.tag(), Floats.numeric());
      nodes.put(Layer.INPUT, input);
    }

    Node<AbstractModule<Activity, Activity, Float>> output(String output) {
      return layer(graph.outputs().get(output));
    }

    /**
     * Puts the first layers, those that oneDNN has, into one module; to be called before others are
     * made.
     *
     * @param outputs that are asked for
     */
    void trunk(List<String> outputs) {
      OneDnnLayers.Trunk trunk = OneDnnLayers.trunk(graph, outputs);
      if (trunk.layers().isEmpty()) {
        return;
      }
      Wiring inner = new Wiring(graph, builder);
      AbstractModule<Activity, Activity, Float> arrays =
          inner.module(trunk.exits().stream().map(inner::layer).toList());
      Map<String, AbstractModule<Activity, Activity, Float>> inOrder = new LinkedHashMap<>();
      trunk.layers().forEach(name -> inOrder.put(name, inner.modules.get(name)));
      modules.putAll(inOrder);
      Node<AbstractModule<Activity, Activity, Float>> node =
          node(new OneDnnTrunk(graph, inOrder, trunk.exits(), arrays), List.of(input));
      for (int i = 0; i < trunk.exits().size(); i++) {
        nodes.put(trunk.exits().get(i), trunk.exits().size() == 1 ? node : part(node, i));
      }
    }

    /** One tensor of a node that gives several. */
    private static Node<AbstractModule<Activity, Activity, Float>> part(
        Node<AbstractModule<Activity, Activity, Float>> node, int index) {
      Identity<Float> identity = Identity$.MODULE$.apply(Floats.tag(), Floats.numeric());
      return identity.inputs(
          new Tuple2<>(node, index + 1), JavaConverters.asScalaBuffer(List.of()));
    }

    Node<AbstractModule<Activity, Activity, Float>> flatOutput(String output) {
      Shape shape = graph.outputShape(output);
      Node<AbstractModule<Activity, Activity, Float>> node = output(output);
      return shape.isImage() ? node(ModuleBuilder.flat(shape.width()), List.of(node)) : node;
    }

    /** A parameter of a layer that was made already. */
    HeadColumns.Borrowed borrowed(String parameter) {
      for (String layer : modules.keySet()) {
        List<String> names = specs(graph, layer).stream().map(ParameterSpec::name).toList();
        if (names.contains(parameter)) {
          return new HeadColumns.Borrowed(modules.get(layer), names.indexOf(parameter));
        }
      }
      throw new IllegalArgumentException(
          "'%s' is no parameter of a layer that leads to an output of the loss"
              .formatted(parameter));
    }

    private Node<AbstractModule<Activity, Activity, Float>> layer(String name) {
      Node<AbstractModule<Activity, Activity, Float>> known = nodes.get(name);
      if (known != null) {
        return known;
      }
      Layer layer = graph.layer(name);
      List<Node<AbstractModule<Activity, Activity, Float>>> inputs =
          layer.inputs().stream().map(this::layer).toList();
      AbstractModule<?, ?, Float> module = layer.accept(builder);
      module.setName(name);
      Node<AbstractModule<Activity, Activity, Float>> node = node(module, inputs);
      modules.put(name, node.element());
      if (layer instanceof GlobalAveragePooling) {
        node = node(ModuleBuilder.flat(graph.shapeOf(name).width()), List.of(node));
      }
      nodes.put(name, node);
      return node;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // BigDL's nodes hold modules of any activity.
    static Node<AbstractModule<Activity, Activity, Float>> node(
        AbstractModule<?, ?, Float> module,
        List<Node<AbstractModule<Activity, Activity, Float>>> inputs) {
      AbstractModule<Activity, Activity, Float> anyModule = (AbstractModule) module;
      return anyModule.inputs(inputs.toArray(new Node[0]));
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Generic arrays.
    private AbstractModule<Activity, Activity, Float> module(
        List<Node<AbstractModule<Activity, Activity, Float>>> outputs) {
      return Graph$.MODULE$.apply(
          new Node[] {input},
          outputs.toArray(new Node[0]),
          Option.empty(),
          Floats.tag(),
          Floats.numeric());
    }

    BigDlGraph build(
        List<Node<AbstractModule<Activity, Activity, Float>>> outputs,
        Parameters parameters,
        Optional<HeadColumns> heads) {
      AbstractModule<Activity, Activity, Float> module = module(outputs);
      modules.forEach(
          (name, layer) -> {
            List<ParameterSpec> specs = specs(graph, name);
            List<Tensor<Float>> tensors = tensors(layer);
            for (int i = 0; i < specs.size(); i++) {
              Floats.fill(tensors.get(i), parameters.values(specs.get(i).name()));
            }
          });
      return new BigDlGraph(graph, module, modules, heads);
    }
  }
}
