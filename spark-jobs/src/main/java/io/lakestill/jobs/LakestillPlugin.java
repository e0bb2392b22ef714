package io.lakestill.jobs;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.lakestill.io.Meter;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Shows every {@link Meter} to Spark's metric system, and so to whatever sinks a site has: as
 * {@code <application>.driver.plugin.io.lakestill.jobs.LakestillPlugin.train.loss} and the like.
 * {@link Sessions} asks Spark for it; Spark makes it on the driver and on every executor.
 */
public final class LakestillPlugin implements SparkPlugin {
  @Override
  public DriverPlugin driverPlugin() {
    return new DriverPlugin() {
      @Override
      public Map<String, String> init(SparkContext context, PluginContext plugin) {
        return Map.of();
      }

      @Override
      public void registerMetrics(String application, PluginContext plugin) {
        register(Meter.Side.DRIVER, plugin.metricRegistry());
      }
    };
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext plugin, Map<String, String> fromDriver) {
        register(Meter.Side.EXECUTOR, plugin.metricRegistry());
      }
    };
  }

  private static void register(Meter.Side side, MetricRegistry registry) {
    for (Meter meter : Meter.values()) {
      if (meter.side() == side) {
        registry.register(meter.written(), (Gauge<Double>) meter::value);
      }
    }
  }
}
