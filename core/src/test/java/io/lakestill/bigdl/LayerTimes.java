package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.mkl.MKL;
import io.lakestill.io.EnumText;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.RateSchedule;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.LossParameters;
import io.lakestill.train.RowLayout;
import io.lakestill.train.UpdateRule;
import io.lakestill.train.UpdateStep;
import io.lakestill.train.WeightSegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Where the time of one core goes in a training step: forward, backward and Adam of one replica, in
 * processor time of its thread, by kind of layer.
 *
 * <p>Arguments: mlp, cnn or resnet20; rows of the replica; arrays, bigdl or onednn.
 */
final class LayerTimes {
  private static final int STEPS = 30;
  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

  private LayerTimes() {}

  public static void main(String[] arguments) {
    MKL.setNumThreads(1);
    int rows = Integer.parseInt(arguments[1]);
    TrainingEngine engine = EnumText.find(TrainingEngine.class, arguments[2]).orElseThrow();
    StudentGraph graph = BenchStudents.of(arguments[0]);
    BigDlGraph built =
        BigDlGraph.training(
            graph,
            RowLayout.outputs(Blobs.crossEntropy().requires(), graph),
            LossParameters.NONE,
            Parameters.initial(graph, 1),
            1,
            engine);
    AbstractModule<Activity, Activity, Float> module = built.module();
    var flat = module.getParameters();
    float[] weights = Floats.array(flat._1());
    float[] gradient = Floats.array(flat._2());
    UpdateRule rule =
        UpdateRule.of(
            new OptimizerSettings(OptimizerSettings.Type.ADAM, 1e-3, 0, 0, RateSchedule.CONSTANT),
            List.of(new WeightSegment("all", 0, weights.length, true)));
    float[][] state = new float[2][weights.length];
    Random random = new Random(1);
    int width = graph.input().width();
    float[] values = new float[rows * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    int[] shape = new int[graph.input().sizes().size() + 1];
    shape[0] = rows;
    for (int i = 1; i < shape.length; i++) {
      shape[i] = graph.input().sizes().get(i - 1);
    }
    Tensor<Float> input = Floats.tensor(values, shape);
    float[] towards = LayerPair.normal(rows * 10, 2);
    for (int i = 0; i < towards.length; i++) {
      towards[i] *= 1e-3f;
    }
    Tensor<Float> gradOutput = Floats.tensor(towards, rows, 10);
    List<long[]> phases = new ArrayList<>();
    for (int step = 1; step <= STEPS; step++) {
      if (step == STEPS / 2) {
        module.resetTimes();
      }
      long start = CLOCK.getCurrentThreadCpuTime();
      Arrays.fill(gradient, 0f);
      module.forward(input);
      long forward = CLOCK.getCurrentThreadCpuTime();
      module.backward(input, gradOutput);
      long backward = CLOCK.getCurrentThreadCpuTime();
      rule.update(weights, gradient, state, 0, weights.length, new UpdateStep(step, 1e-3, 1));
      long update = CLOCK.getCurrentThreadCpuTime();
      phases.add(
          new long[] {update - start, forward - start, backward - forward, update - backward});
    }
    phases.subList(0, STEPS / 2).clear();
    Map<String, long[]> kinds = new TreeMap<>();
    for (var times : module.getTimes()) {
      String kind = ((Object) times._1()).getClass().getSimpleName();
      long[] sum = kinds.computeIfAbsent(kind, k -> new long[2]);
      sum[0] += (long) times._2();
      sum[1] += (long) times._3();
    }
    kinds.forEach(
        (kind, sum) ->
            System.out.printf(
                "%-28s forward %7.2f ms, backward %7.2f ms (by the clock)%n",
                kind, sum[0] / 1e6 / phases.size(), sum[1] / 1e6 / phases.size()));
    System.out.printf(
        "%s %s rows=%d step_ms=%.2f forward_ms=%.2f backward_ms=%.2f update_ms=%.2f"
            + " rows_per_core_second=%.0f%n",
        arguments[0],
        arguments[2],
        rows,
        median(phases, 0),
        median(phases, 1),
        median(phases, 2),
        median(phases, 3),
        rows / median(phases, 0) * 1000);
  }

  private static double median(List<long[]> phases, int which) {
    return phases.stream().mapToLong(each -> each[which]).sorted().toArray()[phases.size() / 2]
        / 1e6;
  }
}
