package io.lakestill.train;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Indices;
import io.lakestill.objective.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The index arrays of a worker's batches. What they hold at a step is a pure function of seed,
 * worker, step, sample numbers and the labels of the shard, so a step that runs again draws the
 * same; after the arrays are made, a step allocates nothing. Belongs to one thread.
 */
public final class Draws {
  /** The number of no worker: rows that nobody trains on. */
  public static final int NO_WORKER = -1;

  /** Fills one array; {@code state} is that of a generator that is nobody else's. */
  private interface Filler {
    void fill(Batch batch, int[] samples, long state);
  }

  private final int rows;
  private final Optional<Shard> shard;
  private final Map<String, Indices> indices = new LinkedHashMap<>();
  private final List<Filler> fillers = new ArrayList<>();
  private final long[] seeds;

  /**
   * For a worker's shard, or for rows of no worker.
   *
   * @see #Draws(List, int, int, Optional, long)
   */
  public Draws(List<Draw> draws, int rows, Optional<Shard> shard, long seed) {
    this(draws, rows, shard.map(Shard::worker).orElse(NO_WORKER), shard, seed);
  }

  /**
   * @param draws what to draw
   * @param rows of a batch
   * @param worker whose batches they are; workers draw differently
   * @param shard whose samples the rows are; empty when the loss needs none, and for validation
   *     rows
   * @param seed the training's seed
   * @throws io.lakestill.error.LakestillException (exit 3) when the shard has nothing to draw from
   */
  public Draws(List<Draw> draws, int rows, int worker, Optional<Shard> shard, long seed) {
    this.rows = rows;
    this.shard = shard;
    this.seeds = draws.stream().mapToLong(d -> SplitMix.seed(seed, worker, d.name())).toArray();
    draws.forEach(draw -> fillers.add(filler(draw)));
  }

  /** The arrays by name; {@link #fill} changes what they hold. */
  public Map<String, Indices> indices() {
    return indices;
  }

  /**
   * Draws for a step.
   *
   * @param batch whose values are those of the step
   * @param step counts from 1
   * @param samples the sample number of each row; not looked at without a shard
   */
  public void fill(Batch batch, int step, int[] samples) {
    for (int i = 0; i < seeds.length; i++) {
      fillers.get(i).fill(batch, samples, SplitMix.mix(seeds[i] + step));
    }
  }

  private Filler filler(Draw draw) {
    if (draw instanceof Draw.Samples) {
      int[] to = array(draw, rows, 1);
      return (batch, samples, state) -> System.arraycopy(samples, 0, to, 0, rows);
    }
    if (draw instanceof Draw.SameClass same) {
      return sameClass(shardOf(draw), array(draw, rows, same.count()), same.count());
    }
    if (draw instanceof Draw.OtherSamples other) {
      return otherSamples(shardOf(draw), array(draw, rows, other.count()), other);
    }
    if (draw instanceof Draw.OtherClasses other) {
      return otherClasses(shardOf(draw), array(draw, rows, other.count()), other);
    }
    if (draw instanceof Draw.ShardLabels) {
      return constant(draw, Indices.of(shardOf(draw).labels()));
    }
    if (draw instanceof Draw.Permutation) {
      int[] to = array(draw, rows, 1);
      return (batch, samples, state) -> permute(to, rows, state);
    }
    if (draw instanceof Draw.Largest largest) {
      int[] to = array(draw, rows, largest.count());
      return (batch, samples, state) -> largest(batch.finite(largest.input()), to, largest);
    }
    ColumnDraws columns = new ColumnDraws();
    if (draw instanceof Draw.Positions positions) {
      int[] to = array(draw, rows, positions.count());
      return (batch, samples, state) -> columns.positions(to, rows, positions, state);
    }
    if (draw instanceof Draw.OutsideLargest outside) {
      int[] to = array(draw, rows, outside.count());
      return (batch, samples, state) ->
          columns.outsideLargest(batch.finite(outside.input()), to, outside, state);
    }
    if (draw instanceof Draw.Tournament tournament) {
      int[] to = array(draw, rows, tournament.count());
      return (batch, samples, state) ->
          columns.tournament(batch.finite(tournament.input()), to, tournament, state);
    }
    if (draw instanceof Draw.Fixed fixed) {
      return constant(draw, fixed.values());
    }
    throw new IllegalStateException("nobody draws " + draw);
  }

  private Shard shardOf(Draw draw) {
    return shard.orElseThrow(
        () -> new IllegalStateException("'" + draw.name() + "' is drawn from a shard only"));
  }

  private int[] array(Draw draw, int first, int second) {
    int[] values = new int[Math.multiplyExact(first, second)];
    int[] shape = second == 1 && isVector(draw) ? new int[] {first} : new int[] {first, second};
    indices.put(draw.name(), new Indices(shape, values));
    return values;
  }

  private static boolean isVector(Draw draw) {
    return draw instanceof Draw.Samples || draw instanceof Draw.Permutation;
  }

  private Filler constant(Draw draw, Indices values) {
    indices.put(draw.name(), values);
    return (batch, samples, state) -> {};
  }

  private Filler sameClass(Shard from, int[] to, int count) {
    return (batch, samples, start) -> {
      long state = start;
      for (int row = 0; row < rows; row++) {
        int own = samples[row];
        int first = from.classStart(from.label(own));
        int others = from.classStart(from.label(own) + 1) - first - 1;
        to[row * count] = own;
        for (int k = 1; k < count; k++) {
          state += SplitMix.STRIDE;
          to[row * count + k] = others == 0 ? own : another(from, own, first, others, state);
        }
      }
    };
  }

  /** Any of the class's samples but {@code own}: the class's last one stands in for it. */
  private static int another(Shard from, int own, int first, int others, long state) {
    int drawn = from.byClass()[first + SplitMix.below(others, SplitMix.mix(state))];
    return drawn == own ? from.byClass()[first + others] : drawn;
  }

  private Filler otherSamples(Shard from, int[] to, Draw.OtherSamples draw) {
    int others = from.samples() - 1;
    if (others == 0) {
      throw Errors.badInput(
          "'%s' needs other samples, but worker %d has one training row; use fewer cores."
              .formatted(draw.name(), from.worker()));
    }
    return (batch, samples, start) -> {
      long state = start;
      for (int i = 0; i < rows * draw.count(); i++) {
        state += SplitMix.STRIDE;
        int drawn = SplitMix.below(others, SplitMix.mix(state));
        to[i] = drawn < samples[i / draw.count()] ? drawn : drawn + 1;
      }
    };
  }

  private Filler otherClasses(Shard from, int[] to, Draw.OtherClasses draw) {
    for (int label = 0; label < from.classes(); label++) {
      if (from.classStart(label + 1) - from.classStart(label) == from.samples()) {
        throw Errors.badInput(
            ("'%s' needs samples of other classes, but all %d training rows of worker %d are of"
                    + " class %d; use fewer cores or give rows of other classes.")
                .formatted(draw.name(), from.samples(), from.worker(), label));
      }
    }
    return (batch, samples, start) -> {
      long state = start;
      for (int row = 0; row < rows; row++) {
        int first = from.classStart(from.label(samples[row]));
        int own = from.classStart(from.label(samples[row]) + 1) - first;
        for (int k = 0; k < draw.count(); k++) {
          state += SplitMix.STRIDE;
          int drawn = SplitMix.below(from.samples() - own, SplitMix.mix(state));
          to[row * draw.count() + k] = from.byClass()[drawn < first ? drawn : drawn + own];
        }
      }
    };
  }

  /** Fisher and Yates' shuffle. */
  static void permute(int[] to, int rows, long start) {
    long state = start;
    for (int i = 0; i < rows; i++) {
      state += SplitMix.STRIDE;
      int other = SplitMix.below(i + 1, SplitMix.mix(state));
      to[i] = to[other];
      to[other] = i;
    }
  }

  /** By insertion: the largest first, the first of equal ones first. */
  static void largest(Tensor input, int[] to, Draw.Largest draw) {
    int width = input.width();
    if (draw.count() > width) {
      throw Errors.badInput(
          "'%s' needs the %d largest of '%s', which has %d values."
              .formatted(draw.name(), draw.count(), draw.input(), width));
    }
    float[] values = input.data();
    for (int row = 0; row < input.rows(); row++) {
      int base = row * width;
      int first = row * draw.count();
      int found = 0;
      for (int c = 0; c < width; c++) {
        if (found == draw.count() && values[base + to[first + found - 1]] >= values[base + c]) {
          continue;
        }
        int place = found < draw.count() ? found++ : found - 1;
        for (; place > 0 && values[base + to[first + place - 1]] < values[base + c]; place--) {
          to[first + place] = to[first + place - 1];
        }
        to[first + place] = c;
      }
    }
  }
}
