package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.RawFeatures;
import io.lakestill.error.Errors;
import io.lakestill.metric.ClassificationTally;
import io.lakestill.recipe.Encoding;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.OnnxRunner;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.LongAccumulator;

/** One task's pass over test rows: every contestant scores every row, a batch at a time. */
final class TestPass implements AutoCloseable {
  private static final int SAMPLE_ID = 0;
  private static final int LABEL = 1;
  private static final int RAW = 2;

  private final TestPlan plan;
  private final Map<FeaturePipeline, float[]> features = new LinkedHashMap<>();
  private final int[] labels;
  private final List<OnnxModel> models = new ArrayList<>();
  private final List<OnnxRunner> runners = new ArrayList<>();
  private final List<float[][]> outputs = new ArrayList<>();
  private final List<ClassificationTally> tallies = new ArrayList<>();
  private int filled;

  /**
   * What every task of the pass needs.
   *
   * @param contestants the models; when there is a teacher it is the first
   * @param reference whether the first one is the teacher the others are compared with
   */
  record TestPlan(
      List<Contestant> contestants,
      Reference reference,
      Encoding encoding,
      int classes,
      int bins,
      int batch)
      implements java.io.Serializable {}

  /** What the contestants are compared with, apart from the labels. */
  enum Reference {
    NOTHING,
    FIRST_CONTESTANT
  }

  TestPass(TestPlan plan) {
    this.plan = plan;
    this.labels = new int[plan.batch()];
    for (Contestant contestant : plan.contestants()) {
      OnnxModel model = contestant.open();
      models.add(model);
      OnnxRunner runner = contestant.runner(model, plan.batch());
      runners.add(runner);
      outputs.add(runner.outputArrays());
      tallies.add(new ClassificationTally(plan.classes(), plan.bins()));
      features.computeIfAbsent(
          contestant.features(), pipeline -> new float[plan.batch() * pipeline.width()]);
    }
  }

  /** Scores all rows ({@code sample_id}, {@code label}, {@code raw}); one tally per contestant. */
  List<ClassificationTally> run(Iterator<InternalRow> rows, LongAccumulator progress) {
    while (rows.hasNext()) {
      take(rows.next());
      if (filled == plan.batch()) {
        score(progress);
      }
    }
    if (filled > 0) {
      score(progress);
    }
    return tallies;
  }

  private void take(InternalRow row) {
    String id = row.getUTF8String(SAMPLE_ID).toString();
    labels[filled] = row.getInt(LABEL);
    try {
      RawFeatures raw = RawCell.read(row, RAW, plan.encoding());
      for (Map.Entry<FeaturePipeline, float[]> entry : features.entrySet()) {
        FeaturePipeline pipeline = entry.getKey();
        pipeline.features(raw, id, 0, entry.getValue(), filled * pipeline.width());
      }
    } catch (BadFeaturesException e) {
      throw Errors.badInput(
          "Test row '%s' cannot be used: %s; correct it or leave it out with data.test-where."
              .formatted(id, e.getMessage()),
          e);
    }
    filled++;
  }

  private void score(LongAccumulator progress) {
    for (int k = 0; k < runners.size(); k++) {
      float[] input = features.get(plan.contestants().get(k).features());
      runners.get(k).run(input, filled, outputs.get(k));
      tally(k);
    }
    progress.add(filled);
    filled = 0;
  }

  private void tally(int contestant) {
    float[] logits = outputs.get(contestant)[0];
    ClassificationTally tally = tallies.get(contestant);
    for (int row = 0; row < filled; row++) {
      int offset = row * plan.classes();
      if (contestant > 0 && plan.reference() == Reference.FIRST_CONTESTANT) {
        tally.add(logits, offset, labels[row], outputs.get(0)[0], offset);
      } else {
        tally.add(logits, offset, labels[row]);
      }
    }
  }

  @Override
  public void close() {
    runners.forEach(OnnxRunner::close);
    models.forEach(OnnxModel::close);
  }
}
