package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.FeatureShape;
import io.lakestill.data.RawFeatures;
import io.lakestill.error.Errors;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalRow;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.StoredSize;
import io.lakestill.signal.codec.Codec;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.OnnxRunner;
import io.lakestill.teacher.SignalOutput;
import io.lakestill.teacher.TeacherModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How fast a teacher speaks on one core of this machine, and what it says. What counts is the
 * processor time of the one thread that does all of it, so other work on the machine does not.
 *
 * @param teacher rows per second of the model alone
 * @param pass rows per second of what a task does: decode, model, encode, write
 * @param outputs its signals
 * @param said of the sample
 */
record TeacherTiming(double teacher, double pass, List<SignalOutput> outputs, TrialRows said) {
  private static final Logger LOG = LoggerFactory.getLogger(TeacherTiming.class);
  private static final int REPEATS = 5;
  private static final double SECONDS = 3;

  /** Of one array: 1 GiB. */
  private static final long VALUES = 1L << 28;

  /**
   * Times one pass after another, at most five, for three seconds or a little longer; the fastest
   * counts. Before that comes one that is not timed.
   *
   * @param examples {@code sample_id, label, raw}
   * @param atMost rows, all views of an example in a row
   * @param folder where files are for a moment
   * @throws io.lakestill.error.LakestillException (exit 3) when the model does not fit the recipe,
   *     or there is no row it can be shown
   */
  static TeacherTiming of(
      Recipe recipe,
      TeacherPlan plan,
      OnnxFile onnx,
      List<Row> examples,
      int atMost,
      Path folder,
      Configuration configuration)
      throws IOException {
    FeatureShape shape = FeatureShape.of(plan.features().shape());
    TeacherModel teacher =
        TeacherModel.inspect(plan.settings(), onnx, shape, recipe.data().classes().size());
    Sample sample = Sample.of(recipe, plan, examples, fitting(atMost, shape, teacher));
    SignalSchema schema =
        new SignalSchema(
            teacher.outputs().stream()
                .map(
                    out ->
                        new SignalColumn(
                            out.signal(),
                            out.shape(),
                            Codec.of(recipe.signals().codecs(), out.signal())))
                .toList());
    int batch = recipe.signals().batch();
    try (OnnxModel model = teacher.open(onnx);
        OnnxRunner runner = teacher.runner(model, batch)) {
      Speaking speaking = new Speaking(sample, runner, batch);
      speaking.decode();
      TrialRows said = speaking.say();
      List<Double> alone = new ArrayList<>();
      List<Double> whole = new ArrayList<>();
      List<Integer> columns = IntStream.range(0, schema.signals().size()).boxed().toList();
      long start = System.nanoTime();
      do {
        long first = processorTime();
        speaking.decode();
        long decoded = processorTime();
        said = speaking.say();
        long spoken = processorTime();
        List<SignalRow> rows = said.rows(columns);
        StoredSize.of(schema, teacher.id(), rows, folder, configuration);
        long written = processorTime();
        StoredSize.of(schema, teacher.id(), rows.subList(0, 1), folder, configuration);
        // A file costs something whatever is in it, and a task writes one of many more rows.
        long file = Math.min(processorTime() - written, written - spoken);
        whole.add((written - first - file) / 1e9);
        alone.add((spoken - decoded) / 1e9);
      } while (whole.size() < REPEATS && (System.nanoTime() - start) / 1e9 < SECONDS);
      return new TeacherTiming(
          said.count() / fastest(alone), said.count() / fastest(whole), teacher.outputs(), said);
    }
  }

  /** So many rows, or as many as arrays of all their values can hold with room to spare. */
  private static int fitting(int rows, FeatureShape shape, TeacherModel teacher) {
    long widest = shape.values();
    for (SignalOutput output : teacher.outputs()) {
      widest =
          Math.max(
              widest,
              output.shape().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b));
    }
    return (int) Math.max(1, Math.min(rows, VALUES / widest));
  }

  private static long processorTime() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  /** Later passes are the faster ones, since Java compiles what runs often. */
  private static double fastest(List<Double> seconds) {
    return Collections.min(seconds);
  }

  /** Examples that can be shown to a teacher. */
  private record Sample(FeaturePipeline pipeline, List<RawFeatures> raw, List<TrialRows.Key> keys) {

    static Sample of(Recipe recipe, TeacherPlan plan, List<Row> examples, int atMost) {
      FeaturePipeline pipeline = plan.pipeline(recipe.data());
      List<RawFeatures> raw = new ArrayList<>();
      List<TrialRows.Key> keys = new ArrayList<>();
      float[] tried = new float[pipeline.width()];
      for (Row example : examples) {
        try {
          RawFeatures features = RawCell.read(example, 2);
          pipeline.features(features, example.getString(0), 0, tried, 0);
          String content = features.contentHash();
          OptionalInt label =
              example.isNullAt(1) ? OptionalInt.empty() : OptionalInt.of(example.getInt(1));
          int views = recipe.data().views().count();
          for (int view = 0; view < views && keys.size() < atMost; view++) {
            raw.add(features);
            keys.add(new TrialRows.Key(example.getString(0), view, content, label));
          }
        } catch (BadFeaturesException e) {
          LOG.debug("event=row-passed-over reason=\"{}\"", e.getMessage());
        }
      }
      if (keys.isEmpty()) {
        throw Errors.badInput(
            "No row of table '%s' has features that can be used, so there is nothing to time by."
                .formatted(recipe.data().train().path()));
      }
      return new Sample(pipeline, raw, keys);
    }
  }

  /** The work of a task, part by part. */
  private static final class Speaking {
    private final Sample sample;
    private final OnnxRunner runner;
    private final int batch;
    private final float[] features;

    Speaking(Sample sample, OnnxRunner runner, int batch) {
      this.sample = sample;
      this.runner = runner;
      this.batch = batch;
      this.features = new float[sample.keys().size() * sample.pipeline().width()];
    }

    void decode() {
      int width = sample.pipeline().width();
      for (int row = 0; row < sample.keys().size(); row++) {
        TrialRows.Key key = sample.keys().get(row);
        try {
          RawFeatures raw = sample.raw().get(row);
          sample.pipeline().features(raw, key.sampleId(), key.viewId(), features, row * width);
        } catch (BadFeaturesException e) {
          throw new IllegalStateException("was decoded before", e);
        }
      }
    }

    TrialRows say() {
      int width = sample.pipeline().width();
      int rows = sample.keys().size();
      float[][] outputs = runner.outputArrays();
      float[][] said = new float[outputs.length][];
      for (int k = 0; k < said.length; k++) {
        said[k] = new float[rows * runner.width(k)];
      }
      for (int row = 0; row < rows; row += batch) {
        int count = Math.min(batch, rows - row);
        float[] shown = Arrays.copyOfRange(features, row * width, (row + batch) * width);
        runner.run(shown, count, outputs);
        for (int k = 0; k < said.length; k++) {
          int values = runner.width(k);
          System.arraycopy(outputs[k], 0, said[k], row * values, count * values);
        }
      }
      return new TrialRows(sample.keys(), said);
    }
  }
}
