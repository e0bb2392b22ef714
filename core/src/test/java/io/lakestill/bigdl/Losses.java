package io.lakestill.bigdl;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.lakestill.objective.Bound;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Objectives;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeReader;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Losses as recipes make them: objectives with their defaults, each bound to its number. */
final class Losses {
  private Losses() {}

  /**
   * @param terms each the text of a term's section, such as {@code type = crd, negatives = 8};
   *     {@code student.map} is the output {@code map_relu2}
   */
  static WeightedTerms of(String... terms) {
    List<WeightedTerms.Term> made = new ArrayList<>();
    for (int i = 0; i < terms.length; i++) {
      Config section = ConfigFactory.parseString(terms[i]);
      String type = section.getString("type");
      made.add(new WeightedTerms.Term(type, section.getDouble("weight"), term(section, type, i)));
    }
    return new WeightedTerms(made);
  }

  private static Objective term(Config section, String type, int number) {
    Problems problems = new Problems();
    Settings options =
        new Settings(
                section.root(), "term", RecipeReader.reference().getObject("defaults"), problems)
            .withDefaults("objective." + type);
    options.text("type");
    TermSettings term = new TermSettings(type, options.number("weight"), options);
    Objective objective =
        new Objectives()
            .create(term)
            .orElseThrow(() -> new IllegalArgumentException(problems.found().toString()));
    return new Bound(objective, Map.of("student.map", "student.map_relu2"), number);
  }
}
