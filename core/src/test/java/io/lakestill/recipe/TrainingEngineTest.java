package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainingEngineTest {
  private static final String OBJECTIVES = "\nobjectives = [{ type = cross-entropy }]";

  private static Optional<TrainSettings> train(String written, Problems problems) {
    ConfigObject defaults = RecipeReader.reference().getObject("defaults");
    ConfigObject values = ConfigFactory.parseString(written + OBJECTIVES).root();
    return TrainSettings.read(new Settings(values, "train", defaults, problems));
  }

  @Test
  void isOurOwnUnlessTheRecipeSaysOtherwise() {
    assertThat(train("", new Problems()).orElseThrow().loop().engine())
        .isEqualTo(TrainingEngine.ARRAYS);
  }

  @ParameterizedTest
  @EnumSource
  void isReadByItsName(TrainingEngine engine) {
    String written = "engine = " + engine.name().toLowerCase(Locale.ROOT);

    assertThat(train(written, new Problems()).orElseThrow().loop().engine()).isEqualTo(engine);
  }

  @Test
  void anUnknownOneIsRefusedWithTheNamesOfAll() {
    Problems problems = new Problems();

    assertThat(train("engine = cuda", problems)).isEmpty();
    assertThat(problems.found().toString())
        .contains("train.engine", "must be one of arrays, bigdl, onednn, auto, is 'cuda'");
  }
}
