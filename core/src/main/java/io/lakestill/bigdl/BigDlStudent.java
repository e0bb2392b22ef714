package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.Container;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.fs.FileUtil;
import scala.collection.JavaConverters;

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
   * the graph's outputs in their order. The same model gives the same bytes.
   *
   * @param file on the local disk; replaced if there
   */
  public void save(Path file) {
    number(module, new AtomicInteger());
    try {
      // BigDL closes file systems that others share, and Hadoop's local one keeps a checksum
      // beside.
      Path folder = Files.createTempDirectory("lakestill-module");
      try {
        Path written = folder.resolve("module");
        module.saveModule(written.toString(), null, true);
        Files.write(file, ModuleFile.canonical(Files.readAllBytes(written)));
      } finally {
        FileUtil.fullyDelete(folder.toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write '" + file + "'", e);
    }
  }

  /** BigDL tells modules without a name apart by a random one. */
  private static void number(AbstractModule<?, ?, Float> module, AtomicInteger next) {
    module.setNamePostfix(Integer.toHexString(next.incrementAndGet()));
    if (module instanceof Container<?, ?, Float> container) {
      JavaConverters.bufferAsJavaList(container.modules()).forEach(inner -> number(inner, next));
    }
  }
}
