package io.lakestill.recipe;

import io.lakestill.io.EnumText;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * How the learning rate goes over a training, as parts of the optimizer's {@code learning-rate}.
 *
 * <pre>
 * schedule = cosine
 * schedule { type = cosine, warm-up = 0.05, floor = 0.01 }
 * schedule { type = polynomial, power = 2 }
 * schedule { type = step, at = [0.5, 0.75], factor = 0.1 }
 * schedule { type = one-cycle, warm-up = 0.3 }
 * </pre>
 *
 * <p>With a warm-up of {@code w} steps, step {@code s} of them (from 1) has the part {@code s / w};
 * what follows goes over the steps that are left.
 */
public sealed interface RateSchedule extends Serializable {
  /** The same rate at every step. */
  RateSchedule CONSTANT = new Constant(0);

  /** Down to zero along half a cosine. */
  RateSchedule COSINE = new Cosine(0, 0);

  /**
   * @param step counts from 1; beyond the last step the last part holds
   * @param steps of the whole training
   */
  double part(int step, int steps);

  /** One that rises in a line first, if at all. */
  sealed interface WarmedUp extends RateSchedule {
    /** The part of the training in which the rate rises. */
    double warmUp();

    /**
     * What follows.
     *
     * @param done steps after the warm-up
     * @param steps that there are after it
     */
    double after(int done, int steps);

    @Override
    default double part(int step, int steps) {
      int now = Math.min(Math.max(step, 1), steps);
      int rise = (int) Math.round(warmUp() * steps);
      return now <= rise ? (double) now / rise : after(now - 1 - rise, steps - rise);
    }
  }

  /** The largest rate at every step. */
  record Constant(double warmUp) implements WarmedUp {
    public Constant {
      requirePart("warm-up", warmUp);
    }

    @Override
    public double after(int done, int steps) {
      return 1;
    }
  }

  /**
   * {@code floor + (1 - floor) (1 + cos(pi u)) / 2}, {@code u} the part that is done (Loshchilov
   * and Hutter, SGDR, 2017, equation 5, without restarts): it would reach the floor one step after
   * the last.
   */
  record Cosine(double warmUp, double floor) implements WarmedUp {
    public Cosine {
      requirePart("warm-up", warmUp);
      requirePart("floor", floor);
    }

    @Override
    public double after(int done, int steps) {
      return floor + (1 - floor) * (1 + Math.cos(Math.PI * done / steps)) / 2;
    }
  }

  /** {@code floor + (1 - floor) (1 - u)^power}; a line down to zero if nothing else is said. */
  record Polynomial(double warmUp, double floor, double power) implements WarmedUp {
    public Polynomial {
      requirePart("warm-up", warmUp);
      requirePart("floor", floor);
      if (!(power > 0)) {
        throw new IllegalArgumentException("power must be above 0, is " + power);
      }
    }

    @Override
    public double after(int done, int steps) {
      return floor + (1 - floor) * Math.pow(1 - (double) done / steps, power);
    }
  }

  /**
   * {@code factor^k}, {@code k} the number of positions that are reached.
   *
   * @param at parts of what follows the warm-up, ascending
   */
  record Step(double warmUp, List<Double> at, double factor) implements WarmedUp {
    public Step {
      requirePart("warm-up", warmUp);
      at = List.copyOf(at);
      for (int i = 0; i < at.size(); i++) {
        if (!(at.get(i) > (i == 0 ? 0 : at.get(i - 1)) && at.get(i) < 1)) {
          throw new IllegalArgumentException("at must ascend between 0 and 1, is " + at);
        }
      }
      if (!(factor > 0)) {
        throw new IllegalArgumentException("factor must be above 0, is " + factor);
      }
    }

    @Override
    public double after(int done, int steps) {
      long reached = at.stream().filter(position -> done >= Math.round(position * steps)).count();
      return Math.pow(factor, reached);
    }
  }

  /**
   * Up along half a cosine from {@code start} to the largest rate, and down to {@code floor} at the
   * last step (Smith and Topin, 2018, in the two phases of fastai and of PyTorch, whose {@code
   * final_div_factor} is {@code start / floor}). Momentum stays as it is.
   *
   * @param warmUp the part in which it rises
   */
  record OneCycle(double warmUp, double start, double floor) implements RateSchedule {
    public OneCycle {
      requirePart("warm-up", warmUp);
      requirePart("start", start);
      requirePart("floor", floor);
    }

    @Override
    public double part(int step, int steps) {
      int done = Math.min(Math.max(step, 1), steps) - 1;
      double top = Math.max(warmUp * steps - 1, 0);
      return done < top
          ? between(start, 1, done / top)
          : between(1, floor, (done - top) / Math.max(steps - 1 - top, 1));
    }

    private static double between(double from, double to, double passed) {
      return to + (from - to) * (1 + Math.cos(Math.PI * passed)) / 2;
    }
  }

  private static void requirePart(String key, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException("%s must be in [0, 1), is %s".formatted(key, value));
    }
  }

  /** The kinds, as recipes name them. */
  enum Type {
    CONSTANT,
    COSINE,
    POLYNOMIAL,
    STEP,
    ONE_CYCLE
  }

  /**
   * The schedule of an optimizer, by its name or as a section.
   *
   * @param optimizer its section
   */
  static Optional<? extends RateSchedule> read(Settings optimizer) {
    Settings given = optimizer.typed("schedule");
    Type type = given.choice("type", Type.class);
    if (!given.has("type") || !given.text("type").equals(EnumText.of(type))) {
      return Optional.of(CONSTANT); // Which one is meant is unknown, so are its keys.
    }
    Settings settings = given.withDefaults("learning-rate." + EnumText.of(type));
    settings.text("type");
    double warmUp = settings.number("warm-up");
    return switch (type) {
      case CONSTANT -> settings.build(() -> new Constant(warmUp));
      case COSINE -> {
        double floor = settings.number("floor");
        yield settings.build(() -> new Cosine(warmUp, floor));
      }
      case POLYNOMIAL -> {
        double floor = settings.number("floor");
        double power = settings.number("power");
        yield settings.build(() -> new Polynomial(warmUp, floor, power));
      }
      case STEP -> {
        List<Double> at = settings.numbers("at");
        double factor = settings.number("factor");
        yield settings.build(() -> new Step(warmUp, at, factor));
      }
      case ONE_CYCLE -> {
        double start = settings.number("start");
        double floor = settings.number("floor");
        yield settings.build(() -> new OneCycle(warmUp, start, floor));
      }
    };
  }
}
