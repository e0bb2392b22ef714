package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OriginsTest {

  private static Config file(String name, String text) {
    return ConfigFactory.parseString(
        text, ConfigParseOptions.defaults().setOriginDescription(name));
  }

  private static String whereOfTrain(Config config) {
    return Origins.where(config.getValue("train").origin());
  }

  @ParameterizedTest
  @ValueSource(strings = {"digits.conf", "one, two.conf", "reference.conf", "a: b,c.conf"})
  void namesTheFileAndLineOfASectionLaidOverTheDefaults(String name) {
    Config own = file(name, "\n\ntrain { epochs = 3 }");

    assertThat(whereOfTrain(own)).isEqualTo(name + ":3");
    assertThat(whereOfTrain(own.withFallback(RecipeReader.reference()))).isEqualTo(name + ":3");
  }

  @Test
  void namesTheLastOfSeveralFilesThatWasLaidOverTheOthers() {
    Config first = file("first.conf", "train { epochs = 3 }");
    Config second = file("se,cond.conf", "\ntrain { batch = 4 }");
    Config merged = second.withFallback(first).withFallback(RecipeReader.reference());

    assertThat(whereOfTrain(merged)).isEqualTo("se,cond.conf:2");
  }

  @Test
  void namesTheOptionAndNoLine() {
    Problems problems = new Problems();
    Config option =
        RecipeOverride.read("train={epochs=3}", problems).orElseThrow().config(problems);
    Config merged =
        option.withFallback(file("a.conf", "train { batch = 4 }")).withFallback(file("b.conf", ""));

    assertThat(whereOfTrain(option)).isEqualTo("--set train");
    assertThat(whereOfTrain(merged)).isEqualTo("--set train");
    assertThat(Origins.where(merged.getValue("train.epochs").origin())).isEqualTo("--set train");
    assertThat(Origins.where(merged.getValue("train.batch").origin())).isEqualTo("a.conf:1");
  }

  @Test
  void defaultsAloneAreLakestillsOwn() {
    assertThat(whereOfTrain(RecipeReader.reference().getConfig("defaults").atKey("train")))
        .isEqualTo("reference.conf");
  }

  @Test
  void problemsOfAMergedRecipeNameItsFile() {
    Problems problems = new Problems();
    new RecipeReader("/home", "/recipes")
        .draft(
            List.of(
                new RecipeLayer(
                    "a,b.conf", "/recipes", "train { epochs = 1 }\ntrain { batch = 2 }"),
                new RecipeLayer("c.conf", "/recipes", "\ntrain { optimizer = 3 }")),
            List.of(),
            problems);

    assertThat(problems.found())
        .extracting(Problem::toString)
        .anyMatch(text -> text.startsWith("c.conf:2: train.optimizer: must be a section"));
  }
}
