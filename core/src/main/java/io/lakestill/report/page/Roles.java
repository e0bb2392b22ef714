package io.lakestill.report.page;

import io.lakestill.recipe.ModelRole;
import io.lakestill.report.Scorecard;
import java.util.Arrays;
import java.util.List;

/** The models of a scorecard as a page names them. */
final class Roles {
  private Roles() {}

  /** The models that are there: teacher, student, scratch. */
  static List<ModelRole> of(Scorecard card) {
    return Arrays.stream(ModelRole.values()).filter(role -> card.score(role).isPresent()).toList();
  }

  static String name(ModelRole role) {
    return switch (role) {
      case TEACHER -> "Teacher";
      case STUDENT -> "Student";
      case SCRATCH -> "Scratch";
    };
  }

  /** Marks and names, so that a picture needs no labels of its own. */
  static Element legend(List<ModelRole> roles) {
    Element legend = Element.of("p").with("class", "legend");
    for (ModelRole role : roles) {
      Element mark =
          Element.of("svg", Svg.marker(role, 8, 8, 5))
              .with("viewBox", "0 0 16 16")
              .with("aria-hidden", "true");
      legend.add(Element.of("span", mark, Element.text("span", name(role))));
    }
    return legend;
  }
}
