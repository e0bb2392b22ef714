package io.lakestill.recipe;

import io.lakestill.io.EnumText;
import java.io.Serializable;
import java.util.Optional;

/**
 * How the rows of a batch are mixed in pairs before the student sees them.
 *
 * <pre>
 * mix = mixup
 * mix { type = cutmix, alpha = 1, probability = 0.5 }
 * </pre>
 *
 * @param type what is done with two rows
 * @param alpha both parameters of the Beta distribution that a row's own share is drawn from
 * @param probability of a step to be mixed
 */
public record MixSettings(Type type, double alpha, double probability) implements Serializable {
  /** What is done with two rows. */
  public enum Type {
    NONE,
    /** Zhang et al., 2018: their weighted mean. */
    MIXUP,
    /** Yun et al., 2019: a rectangle of the one is put into the other. */
    CUTMIX
  }

  /** Rows as they are. */
  public static final MixSettings NONE = new MixSettings(Type.NONE, 1, 0);

  public MixSettings {
    if (!(alpha > 0) || Double.isInfinite(alpha)) {
      throw new IllegalArgumentException("alpha must be above 0, is " + alpha);
    }
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException("probability must be in [0, 1], is " + probability);
    }
  }

  public boolean mixes() {
    return type != Type.NONE;
  }

  static Optional<MixSettings> read(Settings training) {
    Settings given = training.typed("mix");
    Type type = given.choice("type", Type.class);
    if (!given.has("type") || !given.text("type").equals(EnumText.of(type))) {
      return Optional.of(NONE); // Which one is meant is unknown, so are its keys.
    }
    Settings settings = given.withDefaults("mix." + EnumText.of(type));
    settings.text("type");
    if (type == Type.NONE) {
      return settings.build(() -> NONE);
    }
    double alpha = settings.number("alpha");
    double probability = settings.number("probability");
    return settings.build(() -> new MixSettings(type, alpha, probability));
  }
}
