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
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.LongAccumulator;

/**
 * One task's pass over test rows: every contestant scores every row, a batch at a time. A row that
 * cannot be decoded, or of which a teacher says nothing that can be used, is left out for all.
 */
final class TestPass implements AutoCloseable {
  private static final int SAMPLE_ID = 0;
  private static final int LABEL = 1;
  private static final int RAW = 2;
  private static final int SHOWN = 5;

  private final TestPlan plan;
  private final Map<FeaturePipeline, float[]> features = new LinkedHashMap<>();
  private final Map<FeaturePipeline, Cell> cells = new HashMap<>();
  private final String[] ids;
  private final int[] labels;
  private final List<OnnxModel> models = new ArrayList<>();
  private final Map<Integer, OnnxRunner> runners = new LinkedHashMap<>();
  private final List<float[][]> outputs = new ArrayList<>();
  private final List<ClassificationTally> tallies = new ArrayList<>();
  private final TreeSet<String> examples = new TreeSet<>();
  private long leftOut;
  private int filled;

  /**
   * What every task of the pass needs.
   *
   * @param contestants models to run and tables to read, teachers first
   * @param teachers how many of them are teachers; all others are compared with the first
   * @param encoding how what students are shown is stored
   * @param own what teachers are shown instead, in the order of their columns
   */
  record TestPlan(
      List<Examined> contestants,
      int teachers,
      Encoding encoding,
      List<OwnFeatures> own,
      int classes,
      int bins,
      int batch)
      implements java.io.Serializable {}

  TestPass(TestPlan plan) {
    this.plan = plan;
    this.ids = new String[plan.batch()];
    this.labels = new int[plan.batch()];
    for (Examined examined : plan.contestants()) {
      outputs.add(
          examined instanceof ScoreReader scores
              ? scores.outputArrays(plan.batch())
              : runner((Contestant) examined).outputArrays());
      tallies.add(new ClassificationTally(plan.classes(), plan.bins()));
    }
  }

  private OnnxRunner runner(Contestant contestant) {
    OnnxModel model = contestant.open();
    models.add(model);
    OnnxRunner runner = contestant.runner(model, plan.batch());
    runners.put(outputs.size(), runner);
    cells.put(contestant.features(), cell(contestant));
    features.computeIfAbsent(
        contestant.features(), pipeline -> new float[plan.batch() * pipeline.width()]);
    return runner;
  }

  /** Where what a model is shown stands in a row, and how it is stored. */
  private record Cell(int ordinal, Encoding encoding) {}

  private Cell cell(Contestant contestant) {
    return contestant.own().stream()
        .map(own -> new Cell(RAW + 1 + plan.own().indexOf(own), own.features().encoding()))
        .findFirst()
        .orElse(new Cell(RAW, plan.encoding()));
  }

  /**
   * Scores all rows ({@code sample_id}, {@code label}, {@code raw}, what teachers are shown
   * instead, what tables say of them).
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when a model that is no teacher says
   *     something not finite; the message names model and row
   */
  TestScores run(Iterator<InternalRow> rows, LongAccumulator progress) {
    while (rows.hasNext()) {
      take(rows.next(), progress);
      if (filled == plan.batch()) {
        score(progress);
      }
    }
    if (filled > 0) {
      score(progress);
    }
    return new TestScores(tallies, leftOut, List.copyOf(examples));
  }

  private void take(InternalRow row, LongAccumulator progress) {
    String id = row.getUTF8String(SAMPLE_ID).toString();
    ids[filled] = id;
    labels[filled] = row.getInt(LABEL);
    try {
      for (Map.Entry<FeaturePipeline, float[]> entry : features.entrySet()) {
        FeaturePipeline pipeline = entry.getKey();
        Cell cell = cells.get(pipeline);
        RawFeatures raw = RawCell.read(row, cell.ordinal(), cell.encoding());
        pipeline.features(raw, id, 0, entry.getValue(), filled * pipeline.width());
      }
    } catch (BadFeaturesException e) {
      leaveOut(id, e.getMessage());
      progress.add(1);
      return;
    }
    Optional<String> fault = stated(row);
    if (fault.isPresent()) {
      leaveOut(id, fault.get());
      progress.add(1);
    } else {
      filled++;
    }
  }

  /** Takes what tables say of a row, and returns what is wrong with it. */
  private Optional<String> stated(InternalRow row) {
    for (int k = 0; k < outputs.size(); k++) {
      if (plan.contestants().get(k) instanceof ScoreReader scores) {
        Optional<String> fault = scores.read(row, outputs.get(k), filled);
        if (fault.isPresent()) {
          return fault.map((scores.name() + ": ")::concat);
        }
      }
    }
    return Optional.empty();
  }

  private void leaveOut(String id, String reason) {
    leftOut++;
    examples.add("'%s' (%s)".formatted(id, reason));
    if (examples.size() > SHOWN) {
      examples.pollLast();
    }
  }

  private void score(LongAccumulator progress) {
    runners.forEach(
        (k, runner) -> {
          Contestant contestant = (Contestant) plan.contestants().get(k);
          runner.run(features.get(contestant.features()), filled, outputs.get(k));
        });
    for (int row = 0; row < filled; row++) {
      tally(row);
    }
    progress.add(filled);
    filled = 0;
  }

  private void tally(int row) {
    for (int k = 0; k < plan.teachers(); k++) {
      if (!isFinite(k, row)) {
        leaveOut(ids[row], notFinite(k));
        return;
      }
    }
    int offset = row * plan.classes();
    for (int k = 0; k < tallies.size(); k++) {
      float[] logits = outputs.get(k)[0];
      if (!isFinite(k, row)) {
        throw Errors.badInput(
            ("Model '%s' gives logits that are not finite for test row '%s'; check its weights and"
                    + " the features of that row.")
                .formatted(plan.contestants().get(k).name(), ids[row]));
      }
      if (plan.teachers() > 0 && k > 0) {
        tallies.get(k).add(logits, offset, labels[row], outputs.get(0)[0], offset);
      } else {
        tallies.get(k).add(logits, offset, labels[row]);
      }
    }
  }

  private String notFinite(int teacher) {
    return plan.teachers() == 1
        ? "the teacher's logits are not finite"
        : "the logits of %s are not finite".formatted(plan.contestants().get(teacher).name());
  }

  private boolean isFinite(int contestant, int row) {
    float[] logits = outputs.get(contestant)[0];
    int offset = row * plan.classes();
    for (int c = 0; c < plan.classes(); c++) {
      if (!Float.isFinite(logits[offset + c])) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    runners.values().forEach(OnnxRunner::close);
    models.forEach(OnnxModel::close);
  }
}
