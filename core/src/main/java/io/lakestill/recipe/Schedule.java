package io.lakestill.recipe;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * A number that may change while a model is trained: a term's weight, a temperature.
 *
 * <pre>
 * temperature = 4
 * temperature { schedule = cosine, from = 8, to = 2 }
 * weight { schedule = linear, from = 1, to = 0.1, start = 0.5 }
 * weight { schedule = warm-up, to = 1, end = 20, by = epoch }
 * weight { schedule = step, values = [1, 0.5, 0], at = [30, 60], by = epoch }
 * </pre>
 *
 * <p>Positions ({@code start}, {@code end}, {@code at}) are parts of the training from 0 to 1, or
 * epochs, counted from 1, when {@code by = epoch}; then the number changes at the start of an epoch
 * only. Without {@code start} and {@code end} a change takes the whole training; by epochs the
 * {@code end} must be given, since only the recipe's {@code epochs} says how many there are.
 */
public sealed interface Schedule extends Serializable {

  double at(Progress progress);

  /** The smallest value it ever has. */
  double smallest();

  /** The largest value it ever has. */
  double largest();

  /**
   * What it says that a training of so many epochs never does, such as a change after its end;
   * empty when it does all it says.
   */
  default Optional<String> idle(int epochs) {
    return Optional.empty();
  }

  /** The same number always. */
  static Schedule of(double value) {
    return new Constant(value);
  }

  /** The same number always: {@code { schedule = constant, value = 4 }}, or just {@code 4}. */
  record Constant(double value) implements Schedule {
    @Override
    public double at(Progress progress) {
      return value;
    }

    @Override
    public double smallest() {
      return value;
    }

    @Override
    public double largest() {
      return value;
    }
  }

  /** What positions count. */
  enum By {
    /** The part of all steps that are done. */
    PROGRESS {
      @Override
      double position(Progress progress) {
        return progress.done();
      }
    },
    /** The running epoch, from 1. */
    EPOCH {
      @Override
      double position(Progress progress) {
        return progress.epoch();
      }
    };

    abstract double position(Progress progress);

    /** A position as a recipe has it. */
    String shown(double position) {
      return this == EPOCH ? String.valueOf((long) position) : String.valueOf(position);
    }
  }

  /** {@code { schedule = linear, from = 1, to = 0.1 }}; a warm-up is one that ends early. */
  record Linear(double from, double to, Span span) implements Schedule {
    /** {@code from + (to - from) u}, {@code u} the part of the span that has passed. */
    @Override
    public double at(Progress progress) {
      double passed = span.passed(progress);
      return (1 - passed) * from + passed * to;
    }

    @Override
    public Optional<String> idle(int epochs) {
      return span.idle(epochs);
    }

    @Override
    public double smallest() {
      return Math.min(from, to);
    }

    @Override
    public double largest() {
      return Math.max(from, to);
    }
  }

  /** {@code { schedule = cosine, from = 8, to = 2 }}: slow at both ends. */
  record Cosine(double from, double to, Span span) implements Schedule {
    /** {@code to + (from - to) (1 + cos(pi u)) / 2}, {@code u} as for {@link Linear}. */
    @Override
    public double at(Progress progress) {
      double left = (1 + Math.cos(Math.PI * span.passed(progress))) / 2;
      return left * from + (1 - left) * to;
    }

    @Override
    public Optional<String> idle(int epochs) {
      return span.idle(epochs);
    }

    @Override
    public double smallest() {
      return Math.min(from, to);
    }

    @Override
    public double largest() {
      return Math.max(from, to);
    }
  }

  /**
   * {@code { schedule = step, values = [1, 0.5, 0], at = [0.5, 0.75] }}.
   *
   * @param values one more than there are positions
   * @param at where the next value begins to hold, ascending
   */
  record Step(List<Double> values, List<Double> at, By by) implements Schedule {
    public Step {
      values = List.copyOf(values);
      at = List.copyOf(at);
      if (values.size() != at.size() + 1) {
        throw new IllegalArgumentException(
            "values must be one more than the positions in at, are %d and %d"
                .formatted(values.size(), at.size()));
      }
      for (int i = 0; i < at.size(); i++) {
        Span.requirePosition("at", at.get(i), by);
        if (i > 0 && at.get(i) <= at.get(i - 1)) {
          throw new IllegalArgumentException("at must ascend, is " + at);
        }
      }
    }

    /** {@code values[k]}, {@code k} the number of positions in {@code at} that are reached. */
    @Override
    public double at(Progress progress) {
      double position = by.position(progress);
      int reached = 0;
      while (reached < at.size() && at.get(reached) <= position) {
        reached++;
      }
      return values.get(reached);
    }

    @Override
    public Optional<String> idle(int epochs) {
      for (double position : at) {
        if (position <= (by == By.EPOCH ? 1 : 0)) {
          return Optional.of(
              "at = %s is where the training begins, so the value before it never holds; leave it out"
                  .formatted(by.shown(position)));
        }
        if (by == By.EPOCH ? position > epochs : position >= 1) {
          return Optional.of(
              "at = %s is never reached in %d epochs".formatted(by.shown(position), epochs));
        }
      }
      return Optional.empty();
    }

    @Override
    public double smallest() {
      return values.stream().mapToDouble(value -> value).min().orElseThrow();
    }

    @Override
    public double largest() {
      return values.stream().mapToDouble(value -> value).max().orElseThrow();
    }
  }

  /** One schedule over the sum of several: a weight scaled so that all weights sum to one. */
  record Share(Schedule part, List<Schedule> all) implements Schedule {
    public Share {
      all = List.copyOf(all);
    }

    /** {@code part / sum of all}; the same for each where the sum is 0. */
    @Override
    public double at(Progress progress) {
      double sum = 0;
      for (int i = 0; i < all.size(); i++) {
        sum += all.get(i).at(progress);
      }
      return sum == 0 ? 1.0 / all.size() : part.at(progress) / sum;
    }

    @Override
    public double smallest() {
      return 0;
    }

    @Override
    public double largest() {
      return 1;
    }
  }

  /**
   * The positions between which a number changes.
   *
   * @param start where the change begins
   * @param end where it is over, after {@code start}
   */
  record Span(double start, double end, By by) implements Serializable {
    /** The whole training. */
    public static final Span ALL = new Span(0, 1, By.PROGRESS);

    public Span {
      requirePosition("start", start, by);
      requirePosition("end", end, by);
      if (!(start < end)) {
        throw new IllegalArgumentException(
            "start must come before end, are %s and %s".formatted(start, end));
      }
    }

    /** {@code (position - start) / (end - start)}, at least 0 and at most 1. */
    public double passed(Progress progress) {
      return Math.min(1, Math.max(0, (by.position(progress) - start) / (end - start)));
    }

    /** Only epochs can lie beyond a training. */
    Optional<String> idle(int epochs) {
      return by == By.EPOCH && end > epochs
          ? Optional.of("end = %s is never reached in %d epochs".formatted(by.shown(end), epochs))
          : Optional.empty();
    }

    static void requirePosition(String key, double position, By by) {
      boolean sound =
          by == By.EPOCH
              ? position >= 0 && position == Math.rint(position)
              : position >= 0 && position <= 1;
      if (!sound) {
        throw new IllegalArgumentException(
            "%s must be %s, is %s"
                .formatted(
                    key,
                    by == By.EPOCH ? "a whole epoch" : "a part of the training, from 0 to 1",
                    position));
      }
    }
  }
}
