package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.feature.dataset.DataSet$;
import com.intel.analytics.bigdl.dllib.feature.dataset.DistributedDataSet;
import com.intel.analytics.bigdl.dllib.feature.dataset.MiniBatch;
import com.intel.analytics.bigdl.dllib.feature.dataset.Sample;
import com.intel.analytics.bigdl.dllib.feature.dataset.Sample$;
import com.intel.analytics.bigdl.dllib.feature.dataset.SampleToMiniBatch$;
import com.intel.analytics.bigdl.dllib.nn.Linear;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractCriterion;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.optim.DistriOptimizer;
import com.intel.analytics.bigdl.dllib.optim.OptimMethod;
import com.intel.analytics.bigdl.dllib.optim.SGD;
import com.intel.analytics.bigdl.dllib.optim.Trigger$;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.spark.api.java.JavaRDD;
import scala.None$;
import scala.Option;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * A training as BigDL's own {@code DistriOptimizer} runs it, nothing replaced: one linear layer
 * over rows of one feature, whose targets are their numbers.
 *
 * @param rows all of them, in one block
 * @param batch rows of a step
 */
record PlainBigDl(int rows, int batch) {
  private static final ClassTag<Sample<Float>> SAMPLES = ClassTag$.MODULE$.apply(Sample.class);
  private static final ClassTag<MiniBatch<Float>> BATCHES =
      ClassTag$.MODULE$.apply(MiniBatch.class);

  /** A loss that is the first output, which notes the rows that it sees, and may fail. */
  static final class Noting extends AbstractCriterion<Activity, Activity, Float> {
    private static final long serialVersionUID = 1L;

    /** Of the last training: BigDL clones a criterion for each core. */
    static final ConcurrentLinkedQueue<Integer> SEEN = new ConcurrentLinkedQueue<>();

    private final int failsAfter;

    /**
     * @param failsAfter rows, which it still bears
     */
    Noting(int failsAfter) {
      super(Floats.activityTag(), Floats.activityTag(), Floats.tag(), Floats.numeric());
      this.failsAfter = failsAfter;
      SEEN.clear();
    }

    @Override
    public Float updateOutput(Activity input, Activity target) {
      for (float row : Floats.values(target.toTensor(Floats.numeric()))) {
        SEEN.add((int) row);
      }
      if (SEEN.size() > failsAfter) {
        throw new IllegalStateException("the true cause");
      }
      return Floats.at(input.toTensor(Floats.numeric()), 0);
    }

    @Override
    public Activity updateGradInput(Activity input, Activity target) {
      Tensor<Float> output = input.toTensor(Floats.numeric());
      float[] ones = new float[output.nElement()];
      Arrays.fill(ones, 1f / output.nElement());
      Tensor<Float> gradient = Floats.tensor(ones, output.size());
      gradInput_$eq(gradient);
      return gradient;
    }
  }

  /**
   * @param method that changes the weights
   * @param steps after which it ends
   */
  DistriOptimizer<Float> optimizer(
      AbstractCriterion<Activity, Activity, Float> criterion,
      OptimMethod<Float> method,
      int steps) {
    LocalSpark.context();
    AbstractModule<Activity, Activity, Float> layer = layer();
    DistriOptimizer<Float> optimizer =
        new DistriOptimizer<>(layer, dataSet(), criterion, Floats.tag(), Floats.numeric());
    optimizer.setOptimMethod(method);
    optimizer.setEndWhen(Trigger$.MODULE$.maxIteration(steps));
    return optimizer;
  }

  /** Plain gradient descent. */
  static OptimMethod<Float> sgd(double rate) {
    return new SGD<>(
        rate,
        0,
        0,
        0,
        Double.MAX_VALUE,
        false,
        new SGD.Default(),
        null,
        null,
        Floats.tag(),
        Floats.numeric());
  }

  @SuppressWarnings("unchecked") // Scala's Float is Object to Java.
  private static AbstractModule<Activity, Activity, Float> layer() {
    return (AbstractModule<Activity, Activity, Float>)
        (AbstractModule<?, ?, ?>)
            new Linear<>(
                1, 1, true, null, null, null, null, null, null, Floats.tag(), Floats.numeric());
  }

  /** What BigDL makes of an RDD of samples. */
  @SuppressWarnings("unchecked") // A distributed data set stays one.
  private DistributedDataSet<MiniBatch<Float>> dataSet() {
    JavaRDD<Sample<Float>> samples =
        LocalSpark.context().parallelize(List.of(rows), 1).flatMap(n -> samples(n).iterator());
    Option<Object> noCount = Option.empty();
    return (DistributedDataSet<MiniBatch<Float>>)
        DataSet$.MODULE$
            .rdd(samples.rdd(), 1, false, 1, SAMPLES)
            .transform(
                SampleToMiniBatch$.MODULE$.apply(
                    batch, none(), none(), noCount, true, Floats.tag(), Floats.numeric()),
                BATCHES);
  }

  @SuppressWarnings("unchecked") // None is of every type.
  private static <T> Option<T> none() {
    return (Option<T>) (Option<?>) None$.MODULE$;
  }

  private static List<Sample<Float>> samples(int count) {
    List<Sample<Float>> samples = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      samples.add(
          Sample$.MODULE$.apply(
              Floats.tensor(new float[] {1}, 1),
              Floats.tensor(new float[] {row}, 1),
              Floats.tag(),
              Floats.numeric()));
    }
    return samples;
  }
}
