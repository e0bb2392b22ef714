package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.optim.DistriOptimizer;
import com.intel.analytics.bigdl.dllib.optim.Trigger;
import com.intel.analytics.bigdl.dllib.utils.Table;
import io.lakestill.bigdl.PlainBigDl.Noting;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.LocalSparkCluster;

/**
 * A driver that trains with BigDL's own optimizer on one executor of one core, which is killed
 * after a step and which the cluster replaces. Every step takes the same off the weight. Its
 * arguments are a folder, into which goes the file {@code done} with how many steps the weight
 * shows in the end; the steps; and the one after which the executor dies, 0 for none.
 */
final class ClusterBigDl {
  private static final float RATE = 1f / 64;

  private ClusterBigDl() {}

  /** Ends after so many steps; on the driver, between two of them. */
  private static final class Until implements Trigger {
    private static final long serialVersionUID = 1L;

    private final int steps;
    private final int fatalStep;
    private boolean killed;

    private Until(int steps, int fatalStep) {
      this.steps = steps;
      this.fatalStep = fatalStep;
    }

    @Override
    public boolean apply(Table state) {
      int next = state.<Integer>apply("neval");
      if (next == fatalStep + 1 && fatalStep > 0 && !killed) {
        killed = true;
        ForkedDriver.killExecutor();
      }
      return next > steps;
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int steps = Integer.parseInt(arguments[1]);
    SparkConf configuration = ClusterTraining.configuration(1);
    LocalSparkCluster cluster = LocalSparkCluster.apply(1, 1, 1200, configuration);
    configuration.setMaster(cluster.start()[0]);
    int exit = 0;
    try (JavaSparkContext context = new JavaSparkContext(configuration)) {
      ClusterShape.ofRunningSpark();
      DistriOptimizer<Float> optimizer =
          new PlainBigDl(64, 8)
              .optimizer(new Noting(Integer.MAX_VALUE), PlainBigDl.sgd(RATE), steps);
      AbstractModule<Activity, Activity, Float> layer = optimizer.model();
      float first = Floats.values(layer.getParameters()._1())[0];
      optimizer.setEndWhen(new Until(steps, Integer.parseInt(arguments[2])));
      float last = Floats.values(optimizer.optimize().getParameters()._1())[0];
      System.err.println("weight: " + first + " to " + last + " on " + context.master());
      Files.writeString(folder.resolve("done"), String.valueOf((first - last) / RATE));
    } catch (Exception e) {
      e.printStackTrace();
      exit = 1;
    }
    // Spark leaves threads behind.
    Runtime.getRuntime().halt(exit);
  }
}
