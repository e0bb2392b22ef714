package io.lakestill.train;

import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.MixSettings;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * Which rows are mixed with which, and how much, at every step of a training. Share and box are a
 * pure function of seed and step, the same for all cores; a row's partner is one of its own core's
 * batch, a pure function of seed, core and step.
 *
 * @param settings what the recipe says
 * @param shape of the features of one row
 * @param seed the training's
 */
public record RowMixing(MixSettings settings, List<Integer> shape, long seed)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  public RowMixing {
    shape = List.copyOf(shape);
  }

  /**
   * How a core's rows are mixed.
   *
   * @param step counts from 1
   * @param worker whose rows they are
   * @param number of the pass: steps, or parts of them, counted from 1
   * @param rows how many there are
   * @return empty when they are not
   */
  public Optional<Mixture> at(int step, int worker, int number, int rows) {
    if (!settings.mixes()) {
      return Optional.empty();
    }
    Uniforms drawn = new Uniforms(SplitMix.mix(SplitMix.seed(seed, Draws.NO_WORKER, "mix") + step));
    if (drawn.next() >= settings.probability()) {
      return Optional.empty();
    }
    double lambda = drawn.beta(settings.alpha());
    int[] partners = new int[rows];
    Draws.permute(
        partners, rows, SplitMix.mix(SplitMix.seed(seed, worker, "mix partners") + number));
    if (settings.type() == MixSettings.Type.MIXUP) {
      return Optional.of(Mixture.mean(lambda, partners));
    }
    int height = shape.get(1);
    int width = shape.get(2);
    return Optional.of(
        Mixture.box(lambda, drawn.below(height), drawn.below(width), height, width, partners));
  }

  /**
   * Why a term of a loss cannot learn from rows that are mixed so, for a person; empty when it can.
   */
  public Optional<String> refusal(WeightedTerms.Term term) {
    if (settings.mixes() && !term.objective().rowwise()) {
      return Optional.of(
          ("'%s' cannot learn from mixed rows (train.mix): it compares rows with one another or"
                  + " remembers them, and a mixed row is neither of its two; leave one of both out")
              .formatted(term.name()));
    }
    boolean image = shape.size() == 3 && shape.get(1) > 1 && shape.get(2) > 1;
    return settings.type() == MixSettings.Type.CUTMIX && !image
        ? Optional.of(
            ("train.mix = cutmix cuts boxes out of images [channels, height, width], and features"
                    + " have the shape %s; use mixup")
                .formatted(shape))
        : Optional.empty();
  }
}
