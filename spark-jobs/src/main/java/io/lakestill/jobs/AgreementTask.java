package io.lakestill.jobs;

import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense16;
import io.lakestill.signal.codec.Int8;
import io.lakestill.signal.codec.Topk;
import io.lakestill.signal.codec.Topk.Ranks;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Compares what is known of an example: its key, the signals as a file holds them, as the teacher
 * says them and as it says them in other batches, the last two in full precision, and whether it
 * went to quarantine.
 *
 * @param columns the signals, logits first, as the file has them
 */
record AgreementTask(List<SignalColumn> columns)
    implements FlatMapFunction<Iterator<InternalRow>, AgreementTask.Found> {
  private static final int KEY = 0;
  private static final int STORED = 1;
  private static final int SAID = 2;
  private static final int AGAIN = 3;
  private static final int QUARANTINED = 4;

  /** A sum of floats may end otherwise on another machine: of the largest value of the row. */
  private static final double ROUNDING = 1e-4;

  AgreementTask {
    columns = List.copyOf(columns);
  }

  /**
   * What became of some examples.
   *
   * @param examples how many
   * @param lost the keys of those that are nowhere
   * @param unsaid the keys of those in the file of which the teacher, asked again, says nothing
   * @param agreement of the others that are in the file
   */
  record Found(int examples, List<String> lost, List<String> unsaid, StoredAgreement agreement)
      implements Serializable {
    private static final long serialVersionUID = 1L;

    static Found none(List<SignalColumn> columns) {
      return new Found(0, List.of(), List.of(), StoredAgreement.none(columns));
    }

    Found with(Found other) {
      return new Found(
          examples + other.examples,
          Stream.concat(lost.stream(), other.lost.stream()).toList(),
          Stream.concat(unsaid.stream(), other.unsaid.stream()).toList(),
          agreement.with(other.agreement));
    }
  }

  @Override
  public Iterator<Found> call(Iterator<InternalRow> rows) {
    int examples = 0;
    List<String> lost = new ArrayList<>();
    List<String> unsaid = new ArrayList<>();
    StoredAgreement agreement = StoredAgreement.none(columns);
    while (rows.hasNext()) {
      InternalRow row = rows.next();
      examples++;
      if (row.isNullAt(STORED)) {
        if (row.isNullAt(QUARANTINED)) {
          lost.add(row.getUTF8String(KEY).toString());
        }
      } else if (row.isNullAt(SAID) || row.isNullAt(AGAIN)) {
        unsaid.add(row.getUTF8String(KEY).toString());
      } else {
        agreement = agreement.with(compared(row));
      }
    }
    return List.of(new Found(examples, lost, unsaid, agreement)).iterator();
  }

  private StoredAgreement compared(InternalRow row) {
    InternalRow held = row.getStruct(STORED, columns.size());
    InternalRow first = row.getStruct(SAID, columns.size());
    InternalRow second = row.getStruct(AGAIN, columns.size());
    List<StoredAgreement.Signal> signals = new ArrayList<>();
    int sameClass = 0;
    int sameClassOfControl = 0;
    for (int k = 0; k < columns.size(); k++) {
      SignalColumn column = columns.get(k);
      float[] said = floats(first, k);
      float[] again = floats(second, k);
      float[] stored = said.clone();
      double summaries = decoded(held, k, column, stored);
      signals.add(compared(column, stored, said, again, summaries));
      if (k == 0) {
        sameClass = argmax(stored) == argmax(said) ? 1 : 0;
        sameClassOfControl = argmax(again) == argmax(said) ? 1 : 0;
      }
    }
    return new StoredAgreement(1, sameClass, sameClassOfControl, signals);
  }

  private static float[] floats(InternalRow row, int ordinal) {
    return row.getArray(ordinal).toFloatArray();
  }

  private static StoredAgreement.Signal compared(
      SignalColumn column, float[] stored, float[] said, float[] again, double summaries) {
    double size = 0;
    for (float value : said) {
      size = Math.max(size, Math.abs(value));
    }
    double difference = summaries;
    double control = 0;
    // A log-sum-exp of small logits is not small.
    double unexplained = summaries - ROUNDING * Math.max(size, 1);
    for (int i = 0; i < said.length; i++) {
      double apart = apart(stored[i], said[i]);
      difference = Math.max(difference, apart);
      control = Math.max(control, apart(again[i], said[i]));
      unexplained =
          Math.max(unexplained, apart - error(column.codec(), stored[i], size) - ROUNDING * size);
    }
    return new StoredAgreement.Signal(column.name(), difference, control, unexplained, size);
  }

  /** What is no number agrees with nothing. */
  private static double apart(float one, float other) {
    double apart = Math.abs((double) one - other);
    return Double.isNaN(apart) ? Double.POSITIVE_INFINITY : apart;
  }

  /**
   * Half the step between values that a codec can hold: what it may have changed a value by.
   *
   * @param value as it is held
   * @param size the largest of its row
   */
  private static double error(Codec codec, double value, double size) {
    if (codec instanceof Dense16) {
      return Math.max(Math.abs(value) * 0x1p-11, 0x1p-25);
    }
    return codec instanceof Int8 ? size / 254 : 0;
  }

  /** What cannot be decoded is no number. */
  private static double decoded(InternalRow row, int ordinal, SignalColumn column, float[] values) {
    try {
      return decode(row, ordinal, column, values);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      Arrays.fill(values, Float.NaN);
      return 0;
    }
  }

  /**
   * What a file holds, decoded; where it holds nothing of a value, that stays as it was.
   *
   * @param values holds what the teacher said
   * @return how far the log-sum-exps of {@code topk} are from those of what the teacher said
   */
  private static double decode(InternalRow row, int ordinal, SignalColumn column, float[] values) {
    if (!(column.codec() instanceof Topk topk)) {
      SignalCell.decode(row, ordinal, column.codec(), values, 0, values.length);
      return 0;
    }
    List<Ranks> groups = topk.groups(topk.k());
    InternalRow cell = row.getStruct(ordinal, groups.size() + 1);
    double[] logSumExp = cell.getArray(groups.size()).toDoubleArray();
    double apart = 0;
    for (int t = 0; t < logSumExp.length; t++) {
      double temperature = topk.temperatures().get(t);
      apart = Math.max(apart, Math.abs(logSumExp[t] - logSumExp(values, temperature)));
    }
    for (int g = 0; g < groups.size(); g++) {
      InternalRow group = cell.getStruct(g, 2);
      int[] ids = group.getArray(0).toIntArray();
      float[] kept = group.getArray(1).toFloatArray();
      for (int i = 0; i < ids.length; i++) {
        values[ids[i]] = kept[i];
      }
    }
    return apart;
  }

  private static double logSumExp(float[] logits, double temperature) {
    double highest = logits[argmax(logits)] / temperature;
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit / temperature - highest);
    }
    return highest + Math.log(sum);
  }

  private static int argmax(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }
}
