package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.HeapData;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.MemoryData;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.MemoryOwner;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.MklDnnRuntime;
import com.intel.analytics.bigdl.dllib.tensor.DnnTensor$;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.mkl.DataType;
import com.intel.analytics.bigdl.mkl.Memory;
import com.intel.analytics.bigdl.mkl.MklDnn;
import io.lakestill.error.Errors;
import io.lakestill.student.Layer;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Layers of a student by BigDL's oneDNN layers, forward and back, for batches of one size: values
 * stay in oneDNN's layouts from layer to layer. BigDL's own graph of such layers is not used, since
 * it adds gradients into tensors that other layers still read, and computes the gradient by the
 * rows.
 *
 * <p>Its memory lies outside the heap until it is closed. Belongs to one thread at a time.
 */
final class OneDnnPass implements AutoCloseable {
  private final Map<String, OneDnnStep> steps = new LinkedHashMap<>();
  private final Map<String, List<Reader>> readers = new LinkedHashMap<>();
  private final Map<String, List<String>> inputs = new LinkedHashMap<>();
  private final List<Exit> exits = new ArrayList<>();

  /** A step that reads another's output as one of its inputs. */
  private record Reader(OneDnnStep step, int index) {}

  /**
   * Where values leave.
   *
   * @param out into an array
   */
  private record Exit(String layer, OneDnnReorder out) {}

  /**
   * @param own the layers over arrays by name, in the graph's order, each reading rows or one
   *     before
   * @param exits layers whose values are asked for
   * @param rows of a batch
   * @throws io.lakestill.error.LakestillException (exit 2) when oneDNN cannot be loaded
   */
  OneDnnPass(
      StudentGraph graph,
      Map<String, AbstractModule<Activity, Activity, Float>> own,
      List<String> exits,
      int rows) {
    if (!isAvailable()) {
      throw Errors.badRecipe(
          "train.engine asks for oneDNN, but this machine cannot load BigDL's oneDNN library; use"
              + " train.engine = arrays.");
    }
    MklDnn.setNumThreads(1);
    MklDnnRuntime runtime = new MklDnnRuntime();
    OneDnnLayers modules = new OneDnnLayers(graph);
    MemoryData rowFormat = onHeap(graph.input(), rows);
    own.forEach(
        (name, layer) -> {
          Layer spec = graph.layer(name);
          List<MemoryData> from =
              spec.inputs().stream()
                  .map(read -> steps.containsKey(read) ? steps.get(read).format() : rowFormat)
                  .toList();
          boolean readsRows = spec.inputs().stream().allMatch(Layer.INPUT::equals);
          AbstractModule<?, ?, Float> module = spec.accept(modules).orElseThrow();
          OneDnnStep step = new OneDnnStep(spec, module, layer, from, readsRows, runtime);
          steps.put(name, step);
          inputs.put(name, spec.inputs());
          for (int i = 0; i < spec.inputs().size(); i++) {
            readers
                .computeIfAbsent(spec.inputs().get(i), n -> new ArrayList<>())
                .add(new Reader(step, i));
          }
        });
    for (String exit : exits) {
      MemoryData array = onHeap(graph.shapeOf(exit), rows);
      this.exits.add(new Exit(exit, new OneDnnReorder(steps.get(exit).format(), array, runtime)));
    }
    for (String name : backwards()) {
      List<MemoryData> from = new ArrayList<>();
      List<Boolean> shared = new ArrayList<>();
      for (Reader reader : readers.getOrDefault(name, List.of())) {
        from.add(reader.step().gradientFormat(reader.index()));
        shared.add(reader.step().sharesGradient());
      }
      if (exits.contains(name)) {
        from.add(onHeap(graph.shapeOf(name), rows));
        shared.add(true);
      }
      steps.get(name).prepareBackward(from, shared);
    }
  }

  /** Whether this machine can load BigDL's oneDNN. */
  static boolean isAvailable() {
    return MklDnn.isLoaded();
  }

  private static MemoryData onHeap(Shape shape, int rows) {
    List<Integer> sizes = shape.sizes();
    int[] batch = {rows, sizes.get(0), sizes.get(1), sizes.get(2)};
    return new HeapData(batch, Memory.Format.nchw, DataType.F32);
  }

  private List<String> backwards() {
    List<String> names = new ArrayList<>(steps.keySet());
    Collections.reverse(names);
    return names;
  }

  /**
   * @param input {@code [rows, channels, height, width]}
   * @return the exits in their order, each in memory of its own that the next call writes again
   */
  List<Tensor<Float>> forward(Tensor<Float> input) {
    // By thread, and a core's thread may be another one than before.
    MklDnn.setNumThreads(1);
    steps.forEach(
        (name, step) ->
            step.forward(
                inputs.get(name).stream()
                    .map(read -> read.equals(Layer.INPUT) ? input : steps.get(read).output())
                    .toList()));
    return exits.stream().map(exit -> exit.out().apply(steps.get(exit.layer()).output())).toList();
  }

  /**
   * Adds to the gradients of the weights.
   *
   * @param gradients by the exits, contiguous
   */
  void backward(List<Tensor<Float>> gradients) {
    MklDnn.setNumThreads(1);
    for (String name : backwards()) {
      List<Tensor<Float>> by = new ArrayList<>();
      for (Reader reader : readers.getOrDefault(name, List.of())) {
        by.add(reader.step().gradient(reader.index()));
      }
      for (int i = 0; i < exits.size(); i++) {
        if (exits.get(i).layer().equals(name)) {
          by.add(gradients.get(i));
        }
      }
      steps.get(name).backward(by);
    }
  }

  /** A tensor outside the heap that is freed with its owner. */
  static Tensor<Float> tensor(MemoryData format, MemoryOwner owner) {
    return DnnTensor$.MODULE$.apply(
        format.getPaddingShape(), format.getRealSize(), Floats.tag(), Floats.numeric(), owner);
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // Generic arrays.
  static Tensor<Float>[] none() {
    return new Tensor[0];
  }

  @Override
  public void close() {
    exits.forEach(exit -> exit.out().close());
    steps.values().forEach(OneDnnStep::close);
  }
}
