package io.lakestill.signal.codec;

import java.util.Arrays;

/**
 * What is known of one row of logits: the largest of them, largest first, and the log-sum-exp of
 * them all at some temperatures.
 *
 * @param ids the classes
 * @param values their logits
 * @param logSumExp {@code log sum_c exp(logit_c / T)} at each temperature of the codec, in nats
 */
@SuppressWarnings("ArrayRecordComponent") // lent for one call, never compared
public record TopkRow(int[] ids, float[] values, double[] logSumExp) {

  /** So many temperatures below the largest logit a class has no mass in double arithmetic. */
  private static final double NOTHING = 1000;

  /**
   * Of a row of logits.
   *
   * @param logits all finite; the row is {@code [offset, offset + classes)}
   * @param codec keeps at most {@code classes} of them
   */
  public static TopkRow of(float[] logits, int offset, int classes, Topk codec) {
    int[] ids = largest(logits, offset, classes, codec.k());
    float[] values = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      values[i] = logits[offset + ids[i]];
    }
    double[] logSumExp = new double[codec.temperatures().size()];
    for (int t = 0; t < logSumExp.length; t++) {
      double temperature = codec.temperatures().get(t);
      double sum = 0;
      for (int c = offset; c < offset + classes; c++) {
        sum += Math.exp(((double) logits[c] - values[0]) / temperature);
      }
      logSumExp[t] = values[0] / temperature + Math.log(sum);
    }
    return new TopkRow(ids, values, logSumExp);
  }

  /** By insertion: the largest first, of equal ones the lowest class first. */
  private static int[] largest(float[] logits, int offset, int classes, int k) {
    int[] ids = new int[k];
    int found = 0;
    for (int c = 0; c < classes; c++) {
      float value = logits[offset + c];
      if (found == k && logits[offset + ids[k - 1]] >= value) {
        continue;
      }
      int place = found < k ? found++ : k - 1;
      for (; place > 0 && logits[offset + ids[place - 1]] < value; place--) {
        ids[place] = ids[place - 1];
      }
      ids[place] = c;
    }
    return ids;
  }

  /**
   * Spreads the row over all classes: the first {@code kept} logits where they belong, and in all
   * other places the one logit that gives them together the mass they have at a temperature. What
   * depends on the kept logits and on that mass alone is the same as of the whole row.
   *
   * @param kept of the ids and values
   * @param place of the temperature among those of the codec
   * @param temperature that temperature
   * @param to filled from {@code offset} on, {@code classes} values
   * @throws IllegalArgumentException when an id is no class or is there twice, or a number is not
   *     finite
   */
  public void spread(int kept, int place, double temperature, float[] to, int offset, int classes) {
    Arrays.fill(to, offset, offset + classes, rest(kept, place, temperature, classes));
    for (int i = 0; i < kept; i++) {
      to[offset + ids[i]] = values[i];
    }
  }

  /** The mass of all classes but the first {@code kept}, at the codec's temperature. */
  public double restMass(int kept, int place, double temperature) {
    double mass = 0;
    for (int i = 0; i < kept; i++) {
      mass += Math.exp(values[i] / temperature - logSumExp[place]);
    }
    return Math.max(0, 1 - mass);
  }

  /**
   * The one logit of all classes but the first {@code kept} that gives them together the mass they
   * have at the codec's temperature.
   *
   * @throws IllegalArgumentException as {@link #spread}
   */
  public float rest(int kept, int place, double temperature, int classes) {
    check(kept, classes);
    if (kept == classes) {
      return values[kept - 1];
    }
    double each = restMass(kept, place, temperature) / (classes - kept);
    double logit =
        each > 0
            ? temperature * (logSumExp[place] + Math.log(each))
            : values[0] - NOTHING * temperature;
    // Whoever looks for the largest must find the kept ones, also where all logits are equal.
    return Math.min((float) logit, Math.nextDown(values[kept - 1]));
  }

  private void check(int kept, int classes) {
    if (ids.length < kept || values.length != ids.length) {
      throw new IllegalArgumentException(
          "%d classes and %d logits, where %d are kept".formatted(ids.length, values.length, kept));
    }
    boolean[] seen = new boolean[classes];
    for (int i = 0; i < kept; i++) {
      if (ids[i] < 0 || ids[i] >= classes || seen[ids[i]]) {
        throw new IllegalArgumentException(
            "class %d, which is there twice or is none of %d".formatted(ids[i], classes));
      }
      seen[ids[i]] = true;
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException("a logit of " + values[i]);
      }
    }
    for (double sum : logSumExp) {
      if (!Double.isFinite(sum)) {
        throw new IllegalArgumentException("a log-sum-exp of " + sum);
      }
    }
  }
}
