package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;

/** Objectives as a recipe asks for them. */
public final class MadeObjective {
  private MadeObjective() {}

  /**
   * @param options in HOCON, over the defaults of that type
   */
  public static Objective of(String type, String options) {
    Problems problems = new Problems();
    Settings settings =
        new Settings(
                ConfigFactory.parseString("type = \"" + type + "\"\n" + options).root(),
                type,
                ConfigFactory.parseResources("io/lakestill/reference.conf").getObject("defaults"),
                problems)
            .withDefaults("objective." + type);
    settings.text("type");
    settings.has("weight");
    var made = new Objectives().create(new TermSettings(type, 1, settings));
    assertThat(problems.found()).as(type).isEmpty();
    return made.orElseThrow();
  }
}
