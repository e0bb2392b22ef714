package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.utils.Table;
import io.lakestill.student.StudentGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import scala.Tuple2;

/**
 * The first layers of a student, those on images, as one module: oneDNN computes them while they
 * train, and in evaluation the layers over arrays do, whose weights, gradients and running
 * statistics are the only ones anybody else sees.
 *
 * <p>Input: {@code [rows, channels, height, width]}; output: the exits, as one tensor when there is
 * one and as a table when there are several. For training only.
 */
final class OneDnnTrunk extends AbstractModule<Activity, Activity, Float> {
  private static final long serialVersionUID = 1L;

  private final transient StudentGraph graph;
  private final transient Map<String, AbstractModule<Activity, Activity, Float>> layers;
  private final transient List<String> exits;
  private final AbstractModule<Activity, Activity, Float> arrays;
  private final Tensor<Float> zeros = Floats.empty();
  private transient OneDnnPass pass;
  private transient int rows;
  private transient boolean released;

  /**
   * @param layers over arrays by name, in the graph's order
   * @param exits layers whose values are asked for
   * @param arrays the graph of these layers, with the exits as its outputs
   */
  OneDnnTrunk(
      StudentGraph graph,
      Map<String, AbstractModule<Activity, Activity, Float>> layers,
      List<String> exits,
      AbstractModule<Activity, Activity, Float> arrays) {
    super(Floats.activityTag(), Floats.activityTag(), Floats.tag(), Floats.numeric());
    this.graph = graph;
    this.layers = layers;
    this.exits = List.copyOf(exits);
    this.arrays = arrays;
  }

  @Override
  public synchronized Activity updateOutput(Activity input) {
    output_$eq(isTraining() ? trained(input) : arrays.forward(input));
    return output();
  }

  private Activity trained(Activity input) {
    Tensor<Float> images = input.toTensor(Floats.numeric());
    requireMemory();
    if (pass == null || rows != images.size(1)) {
      free();
      rows = images.size(1);
      pass = new OneDnnPass(graph, layers, exits, rows);
    }
    List<Tensor<Float>> outputs = pass.forward(images.contiguous());
    return outputs.size() == 1 ? outputs.get(0) : new Table(outputs.toArray());
  }

  /** All of the way back. Gives zeros, since nobody asks for the gradient by the rows. */
  @Override
  public synchronized Activity updateGradInput(Activity input, Activity gradOutput) {
    List<Tensor<Float>> gradients = new ArrayList<>();
    for (int i = 0; i < exits.size(); i++) {
      Tensor<Float> gradient =
          gradOutput.isTable()
              ? gradOutput.toTable().<Tensor<Float>>apply(i + 1)
              : gradOutput.toTensor(Floats.numeric());
      gradients.add(gradient.contiguous());
    }
    requireMemory();
    pass.backward(gradients);
    if (zeros.nElement() != rows * graph.input().width()) {
      zeros.resizeAs(input.toTensor(Floats.numeric())).zero();
    }
    gradInput_$eq(zeros);
    return gradInput();
  }

  @Override
  public Tuple2<Tensor<Float>[], Tensor<Float>[]> parameters() {
    return arrays.parameters();
  }

  @Override
  public Tensor<Float>[] getExtraParameter() {
    return arrays.getExtraParameter();
  }

  @Override
  public AbstractModule<Activity, Activity, Float> training() {
    arrays.training();
    return super.training();
  }

  @Override
  public AbstractModule<Activity, Activity, Float> evaluate() {
    arrays.evaluate();
    return super.evaluate();
  }

  /** Frees what lies outside the heap, once whoever computes with it has done so. */
  @Override
  public synchronized void release() {
    released = true;
    free();
  }

  private void requireMemory() {
    if (released) {
      throw new IllegalStateException("oneDNN's memory of this training was freed");
    }
  }

  private void free() {
    if (pass != null) {
      pass.close();
      pass = null;
    }
  }
}
