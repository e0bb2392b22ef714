package io.lakestill.jobs;

import com.typesafe.config.ConfigObject;
import io.lakestill.recipe.CodecName;
import io.lakestill.recipe.CodecSettings;
import io.lakestill.recipe.Origins;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.RecipeDraft;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalColumn;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Compares the codecs of a recipe with the signals of its teachers.
 *
 * @param problems where faults go
 */
record CodecChecks(RecipeDraft draft, Problems problems) {
  private static final String CODECS = "signals.codecs";

  /** Every codec is sound. */
  void check() {
    names();
    draft.recipe().ifPresent(this::topk);
  }

  /** Only logits have a mass to know, and no more of them can be kept than there are. */
  private void topk(Recipe recipe) {
    CodecSettings codecs = recipe.signals().codecs();
    if (codecs.others() == CodecName.TOPK) {
      problem("signals.codec", "topk keeps the largest logits, other signals cannot have it");
    }
    codecs
        .named()
        .forEach(
            (signal, codec) -> {
              if (codec == CodecName.TOPK && !signal.equals(SignalColumn.LOGITS)) {
                problem(
                    CODECS + "." + signal,
                    "topk keeps the largest logits, other signals cannot have it");
              }
            });
    int classes = recipe.data().classes().size();
    if (codecs.of(SignalColumn.LOGITS) == CodecName.TOPK && codecs.topk().k() > classes) {
      problem(
          "signals.topk.k",
          "is %d, but there are %d classes; lower it".formatted(codecs.topk().k(), classes));
    }
  }

  private void problem(String key, String message) {
    problems.add(new Problem(Origins.where(draft.source().getValue(key).origin()), key, message));
  }

  /** Every codec is that of a signal that some teacher gives: a misspelled one would do nothing. */
  private void names() {
    List<TeacherSettings> teachers = draft.teachers().orElse(List.of());
    if (teachers.isEmpty() || !draft.source().hasPath(CODECS)) {
      return;
    }
    Set<String> given = new TreeSet<>();
    teachers.forEach(teacher -> given.addAll(teacher.outputs().keySet()));
    ConfigObject codecs = draft.source().getObject(CODECS);
    for (String signal : new TreeSet<>(codecs.keySet())) {
      if (!given.contains(signal)) {
        problems.add(
            new Problem(
                Origins.where(codecs.get(signal).origin()),
                CODECS + "." + signal,
                "is no signal of the recipe, there are %s; correct the name, or name a tensor for"
                        .formatted(given)
                    + " it in a teacher's outputs"));
      }
    }
  }
}
