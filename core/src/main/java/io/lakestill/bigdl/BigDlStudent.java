package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import java.nio.file.Path;

/** A trained student in BigDL, without its training machinery. Belongs to one thread. */
public final class BigDlStudent {
  private final StudentGraph graph;
  private final AbstractModule<Activity, Activity, Float> module;

  public BigDlStudent(StudentGraph graph, Parameters parameters) {
    this.graph = graph;
    this.module = BigDlGraph.inference(graph, parameters).module();
  }

  /**
   * @param features {@code [rows, input width]}, row-major, as the feature pipeline gives them
   * @param rows at least 1
   * @return {@code [rows, classes]}, row-major
   */
  public float[] logits(float[] features, int rows) {
    int[] shape = new int[graph.input().sizes().size() + 1];
    shape[0] = rows;
    for (int axis = 1; axis < shape.length; axis++) {
      shape[axis] = graph.input().sizes().get(axis - 1);
    }
    Activity output = module.forward(Floats.tensor(features, shape));
    // Outputs come in the graph's order, which puts the logits first.
    Tensor<Float> logits =
        graph.outputs().size() == 1
            ? output.toTensor(Floats.numeric())
            : output.toTable().<Tensor<Float>>apply(1);
    return Floats.values(logits);
  }

  /**
   * Writes BigDL's own module file, which {@code Module.loadModule} of any BigDL 2 reads; it gives
   * the graph's outputs in their order.
   *
   * @param file on the local disk: BigDL closes file systems that others share; replaced if there
   */
  public void save(Path file) {
    module.saveModule(file.toString(), null, true);
  }
}
