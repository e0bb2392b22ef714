package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.lakestill.recipe.MixSettings.Type;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MixSettingsTest {
  private final Problems problems = new Problems();

  private Optional<MixSettings> read(String text) {
    return MixSettings.read(
        new Settings(
            ConfigFactory.parseString(text).root(),
            "train",
            RecipeReader.reference().getObject("defaults"),
            problems));
  }

  @Test
  void aNameHasTheAlphaOfItsPaper() {
    assertThat(read("mix = mixup")).contains(new MixSettings(Type.MIXUP, 0.2, 1));
    assertThat(read("mix = cutmix")).contains(new MixSettings(Type.CUTMIX, 1, 1));
    assertThat(read("mix = none")).contains(MixSettings.NONE);
    assertThat(problems.found()).isEmpty();
  }

  @Test
  void aSectionChangesWhatItNames() {
    assertThat(read("mix { type = cutmix, probability = 0.5 }"))
        .contains(new MixSettings(Type.CUTMIX, 1, 0.5));
    assertThat(problems.found()).isEmpty();
  }

  @Test
  void refusesWhatIsNoDistribution() {
    assertThat(read("mix { type = mixup, alpha = 0 }")).isEmpty();
    assertThat(read("mix { type = mixup, probability = 1.5 }")).isEmpty();
    assertThat(read("mix { type = none, alpha = 1 }")).isEmpty();
    read("mix = mixing");
    assertThat(problems.found().toString())
        .contains("alpha must be above 0, is 0.0")
        .contains("probability must be in [0, 1], is 1.5")
        .contains("train.mix.alpha")
        .contains("mixing");
  }
}
