package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainingEngineTest {
  private static Settings train(String written, Problems problems) {
    ConfigObject defaults = RecipeReader.reference().getObject("defaults");
    ConfigObject values = ConfigFactory.parseString(written).root();
    return new Settings(values, "train", defaults, problems).withDefaults("train");
  }

  @Test
  void isOurOwnUnlessTheRecipeSaysOtherwise() {
    assertThat(LoopSettings.read(train("", new Problems())).orElseThrow().engine())
        .isEqualTo(TrainingEngine.ARRAYS);
  }

  @ParameterizedTest
  @EnumSource
  void isReadByItsName(TrainingEngine engine) {
    String written = "engine = " + engine.name().toLowerCase(Locale.ROOT);

    assertThat(LoopSettings.read(train(written, new Problems())).orElseThrow().engine())
        .isEqualTo(engine);
  }

  @Test
  void anUnknownOneIsRefusedWithTheNamesOfAll() {
    Problems problems = new Problems();

    assertThat(LoopSettings.read(train("engine = cuda", problems))).isEmpty();
    assertThat(problems.found().toString())
        .contains("train.engine", "must be one of arrays, bigdl, onednn, auto, is 'cuda'");
  }
}
