package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThatCode;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A loss travels to executors as a Java object. */
class SerializableObjectivesTest {
  private static final Config REFERENCE =
      ConfigFactory.parseResources("io/lakestill/reference.conf");

  /** Options that have no default. */
  private static final Map<String, String> ASKED_FOR =
      Map.of("topk-kl", ", k = 2", "minilm-relation", ", relation-heads = 2");

  static Set<String> names() {
    return new Objectives().names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyObjectiveCanTravel(String name) {
    Settings options =
        new Settings(
                ConfigFactory.parseString("type = " + name + ASKED_FOR.getOrDefault(name, ""))
                    .root(),
                name,
                REFERENCE.getObject("defaults"),
                new Problems())
            .withDefaults("objective." + name);
    options.text("type");
    TermSettings term = new TermSettings(name, options.number("weight"), options);

    Objective objective = new Objectives().create(term).orElseThrow();

    assertThatCode(() -> write(objective)).doesNotThrowAnyException();
  }

  private static void write(Objective objective) throws IOException {
    try (ObjectOutputStream out = new ObjectOutputStream(new ByteArrayOutputStream())) {
      out.writeObject(objective);
    }
  }
}
