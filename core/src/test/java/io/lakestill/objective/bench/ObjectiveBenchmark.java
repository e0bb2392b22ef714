package io.lakestill.objective.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Loss and gradient of each registered objective on one thread, see {@link Workload} for the sizes.
 * {@code bin/bench-objectives} runs it; {@code core/docs/performance.md} has its results.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class ObjectiveBenchmark {
  private static final long SEED = 1;

  /** A registered name, of which the annotation must hold one; {@link #main} gives all of them. */
  @Param("crd")
  private String objective;

  private Workload workload;

  @Setup
  public void prepare() {
    workload = Workload.of(objective, Workload.Size.FULL, SEED);
  }

  @Benchmark
  public double lossAndGradient() {
    return workload.step();
  }

  /**
   * @param arguments those of JMH, such as {@code -p objective=crd,rrd} for some objectives only
   */
  public static void main(String[] arguments) throws CommandLineOptionException, RunnerException {
    List<String> names = new ArrayList<>();
    Workload.names().forEach(names::add);
    CommandLineOptions given = new CommandLineOptions(arguments);
    OptionsBuilder options = new OptionsBuilder();
    options.parent(given).include(ObjectiveBenchmark.class.getName());
    if (!given.getParameter("objective").hasValue()) {
      options.param("objective", names.toArray(String[]::new));
    }
    options.addProfiler(GCProfiler.class);
    new Runner(options.build()).run();
  }
}
