package io.lakestill.recipe;

import java.io.Serializable;
import java.util.Optional;

/**
 * How the steps of a training are run, whatever its model and its loss.
 *
 * @param engine what computes the layers
 * @param exchange how nodes exchange gradients
 * @param accumulate parts into which every core divides its rows of a step, one after the other
 * @param localSteps steps of each node on its own between two exchanges of weights; 1 exchanges
 *     gradients at every step
 * @param restarts how often a training that lost an executor goes on from its last checkpoint
 * @param checkpoint how often and how many
 * @param clip the largest norm of a gradient; 0 for any
 * @param average the decay of the moving average of the weights, which is then validated and kept;
 *     0 for the weights themselves
 * @param patience epochs without a better one after which the training ends; 0 for never
 * @param memory of each executor's heap for packed rows
 * @param mix how rows are mixed in pairs
 */
public record LoopSettings(
    TrainingEngine engine,
    Exchange exchange,
    int accumulate,
    int localSteps,
    int restarts,
    Checkpoint checkpoint,
    double clip,
    double average,
    int patience,
    RowMemory memory,
    MixSettings mix)
    implements Serializable {
  /**
   * The exchange of gradients.
   *
   * @param precision of what is sent
   * @param timeoutSeconds after which a silent node is taken for dead
   */
  public record Exchange(ExchangePrecision precision, int timeoutSeconds) implements Serializable {}

  /**
   * Checkpoints from which a training that was stopped goes on.
   *
   * @param seconds at least from one to the next
   * @param keep the newest that are kept
   */
  public record Checkpoint(int seconds, int keep) implements Serializable {}

  public LoopSettings {
    atLeast("exchange.timeout-seconds", exchange.timeoutSeconds(), 1);
    atLeast("accumulate", accumulate, 1);
    atLeast("local-steps", localSteps, 1);
    atLeast("restarts", restarts, 0);
    atLeast("checkpoint.seconds", checkpoint.seconds(), 0);
    atLeast("checkpoint.keep", checkpoint.keep(), 1);
    atLeast("patience", patience, 0);
    if (!(clip >= 0) || Double.isInfinite(clip)) {
      throw new IllegalArgumentException("clip must not be negative, is " + clip);
    }
    if (!(average >= 0 && average < 1)) {
      throw new IllegalArgumentException("average must be in [0, 1), is " + average);
    }
  }

  private static void atLeast(String key, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(
          "%s must be at least %d, is %d".formatted(key, least, value));
    }
  }

  /** Reads the section of a training, which has its defaults already. */
  static Optional<LoopSettings> read(Settings settings) {
    TrainingEngine engine = settings.choice("engine", TrainingEngine.class);
    Settings exchange = settings.section("exchange");
    ExchangePrecision precision = exchange.choice("precision", ExchangePrecision.class);
    int timeout = exchange.integer("timeout-seconds");
    Settings checkpoint = settings.section("checkpoint");
    int seconds = checkpoint.integer("seconds");
    int keep = checkpoint.integer("keep");
    int accumulate = settings.integer("accumulate");
    int localSteps = settings.integer("local-steps");
    int restarts = settings.integer("restarts");
    double clip = settings.number("clip");
    double average = settings.number("average");
    int patience = settings.integer("patience");
    Optional<RowMemory> memory = RowMemoryReader.read(settings, "memory");
    Optional<MixSettings> mix = MixSettings.read(settings);
    return settings.build(
        () ->
            new LoopSettings(
                engine,
                new Exchange(precision, timeout),
                accumulate,
                localSteps,
                restarts,
                new Checkpoint(seconds, keep),
                clip,
                average,
                patience,
                memory.orElseThrow(),
                mix.orElseThrow()));
  }
}
