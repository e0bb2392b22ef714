package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.OnnxRunner;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.LongAccumulator;

/** Scores one partition; the last column of an incoming row holds its raw features. */
record PredictTask(
    Broadcast<Contestant> model, List<String> classes, int batch, LongAccumulator progress)
    implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;
  private static final int RESULTS = 5;

  PredictTask {
    classes = new ArrayList<>(classes);
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return new Scores(rows);
  }

  private final class Scores implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final OnnxModel open;
    private final OnnxRunner runner;
    private final float[] features;
    private final float[][] outputs;
    private final List<Row> ready = new ArrayList<>();
    private int next;

    Scores(Iterator<Row> rows) {
      this.rows = rows;
      this.open = model.value().open();
      this.runner = model.value().runner(open, batch);
      this.features = new float[batch * runner.inputWidth()];
      this.outputs = runner.outputArrays();
      TaskContext.get()
          .addTaskCompletionListener(
              context -> {
                runner.close();
                open.close();
              });
    }

    @Override
    public boolean hasNext() {
      return next < ready.size() || rows.hasNext();
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      if (next == ready.size()) {
        score();
      }
      return ready.get(next++);
    }

    private void score() {
      List<Row> taken = new ArrayList<>();
      List<Optional<String>> problems = new ArrayList<>();
      int filled = 0;
      while (taken.size() < batch && rows.hasNext()) {
        Row row = rows.next();
        taken.add(row);
        try {
          model
              .value()
              .features()
              .features(
                  RawCell.read(row, row.size() - 1), "", 0, features, filled * runner.inputWidth());
          problems.add(Optional.empty());
          filled++;
        } catch (BadFeaturesException e) {
          problems.add(Optional.of(e.getMessage()));
        }
      }
      if (filled > 0) {
        runner.run(features, filled, outputs);
      }
      ready.clear();
      next = 0;
      int scored = 0;
      for (int i = 0; i < taken.size(); i++) {
        Row row = taken.get(i);
        int index = problems.get(i).isEmpty() ? scored++ : -1;
        ready.add(
            problems
                .get(i)
                .or(() -> notFinite(index))
                .map(problem -> refused(row, problem))
                .orElseGet(() -> scored(row, index)));
      }
      progress.add(taken.size());
    }

    private Optional<String> notFinite(int index) {
      for (int c = 0; c < classes.size(); c++) {
        float logit = outputs[0][index * classes.size() + c];
        if (!Float.isFinite(logit)) {
          return Optional.of("the model's logits have value %s at %d".formatted(logit, c));
        }
      }
      return Optional.empty();
    }

    private Row scored(Row row, int index) {
      int width = classes.size();
      Float[] logits = new Float[width];
      int best = 0;
      for (int c = 0; c < width; c++) {
        logits[c] = outputs[0][index * width + c];
        best = logits[c] > logits[best] ? c : best;
      }
      double sum = 0;
      for (Float logit : logits) {
        sum += Math.exp((double) logit - logits[best]);
      }
      Object[] values = carried(row);
      int first = row.size() - 1;
      values[first] = classes.get(best);
      values[first + 1] = best;
      values[first + 2] = (float) (1 / sum);
      values[first + 3] = logits;
      return RowFactory.create(values);
    }

    private Row refused(Row row, String problem) {
      Object[] values = carried(row);
      values[values.length - 1] = problem;
      return RowFactory.create(values);
    }

    /** What the row brought, without its features, and room for the results. */
    private Object[] carried(Row row) {
      int kept = row.size() - 1;
      Object[] values = new Object[kept + RESULTS];
      for (int i = 0; i < kept; i++) {
        values[i] = row.get(i);
      }
      return values;
    }
  }
}
