package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.OnnxRunner;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
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
      List<String> problems = new ArrayList<>();
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
          problems.add(null);
          filled++;
        } catch (BadFeaturesException e) {
          problems.add(e.getMessage());
        }
      }
      if (filled > 0) {
        runner.run(features, filled, outputs);
      }
      ready.clear();
      next = 0;
      int scored = 0;
      for (int i = 0; i < taken.size(); i++) {
        ready.add(
            problems.get(i) == null
                ? scored(taken.get(i), scored++)
                : refused(taken.get(i), problems.get(i)));
      }
      progress.add(taken.size());
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
      return result(row, classes.get(best), best, (float) (1 / sum), logits, null);
    }

    private Row refused(Row row, String problem) {
      return result(row, null, null, null, null, problem);
    }

    private Row result(Row row, Object... results) {
      int kept = row.size() - 1;
      Object[] values = new Object[kept + RESULTS];
      for (int i = 0; i < kept; i++) {
        values[i] = row.get(i);
      }
      System.arraycopy(results, 0, values, kept, RESULTS);
      return RowFactory.create(values);
    }
  }
}
