package io.lakestill.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeReader;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.ViewSettings;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ViewSettingsTest {
  private static final List<Integer> IMAGE = List.of(1, 8, 8);

  private final Problems problems = new Problems();

  @Test
  void everyDefaultIsTheOneOfTheReference() {
    assertThat(
            read(
                "{type = shift}, {type = noise}, {type = flip}, {type = crop}, {type = cutout}",
                IMAGE))
        .hasValue(
            List.of(
                new Shift(1),
                new Noise(0.05),
                new Flip(0.5),
                new Crop(2),
                new Cutout(8, List.of(0.0))));
    assertThat(problems.found()).isEmpty();
  }

  @Test
  void readsOptions() {
    assertThat(read("{type = noise, deviation = 0.2}, {type = shift, pixels = 2}", IMAGE))
        .hasValue(List.of(new Noise(0.2), new Shift(2)));
  }

  @Test
  void reportsEveryFault() {
    assertThat(
            read(
                "{type = blur}, {type = shift, pixel = 2}, {type = noise, deviation = -1},"
                    + " {type = crop, padding = 8}, {pixels = 1}, {type = cutout, size = 9},"
                    + " {type = cutout, fill = [0.1, 0.2]}",
                IMAGE))
        .isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly(
            "test:1: transforms[0].type: must be one of shift, noise, flip, crop, cutout, is"
                + " 'blur'",
            "test:1: transforms[1].pixel: unknown key; did you mean 'pixels'?",
            "test:1: transforms[2]: deviation must be above 0, is -1.0",
            "test:1: transforms[3]: reaches beyond the image: at most 7 for shape [1, 8, 8]",
            "test:1: transforms[4].type: is missing",
            "test:1: transforms[5].size: is larger than the image: at most 8 for shape [1, 8, 8]",
            "test:1: transforms[6].fill: needs 1 value or one per channel (1), has 2");
  }

  @Test
  void imageTransformsNeedAnImage() {
    assertThat(read("{type = noise}, {type = flip}", List.of(64))).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::message)
        .containsExactly(
            "needs an image, a shape of [channels, height, width]; data.features.shape is [64]");
  }

  private Optional<List<ViewTransform>> read(String transforms, List<Integer> shape) {
    Settings root =
        new Settings(
            ConfigFactory.parseString(
                    "transforms = [" + transforms + "]",
                    ConfigParseOptions.defaults().setOriginDescription("test"))
                .root(),
            "",
            RecipeReader.reference().getObject("defaults"),
            problems);
    return ViewTransform.read(new ViewSettings(2, 1, root.sections("transforms")), shape);
  }
}
