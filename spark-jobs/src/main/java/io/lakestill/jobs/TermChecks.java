package io.lakestill.jobs;

import io.lakestill.jobs.Blueprint.Training;
import io.lakestill.objective.Classifier;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.TermSettings;
import io.lakestill.signal.codec.Topk;
import io.lakestill.student.ClassifierLayer;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.Rehearsal;
import io.lakestill.train.RowMixing;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Compares every term of a loss with what its training can give it. Faults are problems of the
 * recipe, at the term's line.
 *
 * @param training whose loss is checked
 * @param problems where faults go
 */
record TermChecks(Training training, Problems problems) {

  /** A term as it was made and as the recipe has it. */
  private record Term(WeightedTerms.Term made, TermSettings written, Problems problems) {
    Requirements requires() {
      return made.objective().requires();
    }

    void problem(String message) {
      written.options().reportingTo(problems).problem(message);
    }

    void problem(String key, String message) {
      written.options().reportingTo(problems).problem(key, message);
    }

    /** The objective's own name of what the recipe calls so. */
    String own(String side, String name) {
      String outer = side + "." + name;
      return written.bindings().entrySet().stream()
          .filter(binding -> binding.getValue().equals(outer))
          .map(binding -> binding.getKey().substring(side.length() + 1))
          .findFirst()
          .orElse(name);
    }

    /** The key that an expression was written at. */
    String key(SqlSignal expression) {
      if (written.where().equals(Optional.of(expression.expression()))) {
        return "where";
      }
      return written.options().has("row-weight") ? "row-weight" : "weight";
    }
  }

  private List<Term> terms() {
    List<WeightedTerms.Term> made = training.objectives().terms();
    List<TermSettings> written = training.settings().objectives();
    return IntStream.range(0, made.size())
        .mapToObj(i -> new Term(made.get(i), written.get(i), problems))
        .toList();
  }

  /** Every term finds the outputs it needs in the model. */
  void outputs() {
    Set<String> outputs = new TreeSet<>(training.graph().outputs().keySet());
    for (Term term : terms()) {
      for (String output : term.requires().student()) {
        if (!outputs.contains(output)) {
          term.problem(
              ("needs the student's '%s', there are %s; say which is meant by student { %s ="
                      + " <output> }, or name a layer for it in outputs { %s = ... }")
                  .formatted(output, outputs, term.own("student", output), output));
        }
      }
      term.made().objective().classifiers().stream()
          .filter(classifier -> classifier.ofStudent() && outputs.contains(classifier.source()))
          .forEach(classifier -> lastLayer(term, classifier));
    }
  }

  private void lastLayer(Term term, Classifier classifier) {
    try {
      ClassifierLayer.of(training.graph(), classifier.source());
    } catch (IllegalArgumentException e) {
      term.problem("needs the weights of the student's last layer: " + e.getMessage());
    }
  }

  /**
   * Every term finds the last layers of teachers that it computes with.
   *
   * @param refusal why there is none that reads a signal
   */
  void classifiers(Function<String, Optional<String>> refusal) {
    for (Term term : terms()) {
      term.made().objective().classifiers().stream()
          .filter(classifier -> !classifier.ofStudent())
          .flatMap(classifier -> refusal.apply(classifier.source()).stream())
          .forEach(why -> term.problem("needs the weights of the teacher's last layer: " + why));
    }
  }

  /** Every term can learn from rows that are mixed, where they are. */
  void mixing() {
    RowMixing mixing =
        new RowMixing(
            training.settings().loop().mix(),
            training.graph().input().sizes(),
            training.firstSeed());
    for (Term term : terms()) {
      mixing.refusal(term.made()).ifPresent(why -> term.problem("type", why));
    }
  }

  /** No term asks for anything a teacher says. */
  void noTeacher(String reason) {
    for (Term term : terms()) {
      for (String signal : term.requires().teacher()) {
        Optional<SqlSignal> expression = SqlSignal.of(signal);
        if (expression.isPresent()) {
          term.problem(term.key(expression.get()), "reads a teacher's signals; " + reason);
        } else {
          term.problem("type", "needs a teacher's '%s'; %s".formatted(signal, reason));
        }
      }
    }
  }

  /** Every term finds the signals it needs among what the teachers are asked for. */
  void signals(TeacherSignals signals) {
    for (Term term : terms()) {
      for (String need : term.requires().teacher()) {
        if (SqlSignal.of(need).isPresent() || !signals.named(need).isEmpty()) {
          continue;
        }
        String own = term.own("teacher", need);
        if (Requirements.isFamily(need)) {
          term.problem(
              "type",
              ("needs '%s', the signals of several teachers, but there are %s; list the teachers in"
                      + " teachers = [...], or say which are meant by teacher { %s = <signal> }")
                  .formatted(need, signals.sources().keySet(), own.replace("*", "1")));
        } else {
          term.problem(
              "type",
              ("needs the teacher's '%s', there are %s; say which is meant by teacher { %s ="
                      + " <signal> }, or name a tensor for it in the outputs { %s = ... } of %s")
                  .formatted(
                      need,
                      signals.sources().keySet(),
                      own,
                      signals.own(need),
                      signals.owner(need)));
        }
      }
    }
  }

  /**
   * Every term takes only what is stored of logits.
   *
   * @param stored the codec of each signal that is stored by {@code topk}
   */
  void topk(Map<String, Topk> stored) {
    TopkTerms topk = new TopkTerms(training.objectives().terms(), stored);
    List<Term> terms = terms();
    for (int i = 0; i < terms.size(); i++) {
      Term term = terms.get(i);
      topk.refusal(i).ifPresent(refusal -> term.problem(refusal.key(), refusal.message()));
    }
  }

  /** Every expression gives a number of each signal row. */
  void expressions(TeacherSignals signals, SparkSession spark) {
    if (signals.teachers().isEmpty()) {
      return;
    }
    Dataset<Row> rows = signals.empty(spark);
    for (Term term : terms()) {
      for (String need : term.requires().teacher()) {
        SqlSignal.of(need)
            .ifPresent(
                expression ->
                    expression
                        .refusal(rows)
                        .ifPresent(
                            refusal ->
                                term.problem(
                                    term.key(expression),
                                    "'%s' %s; columns here: %s"
                                        .formatted(
                                            expression.expression(),
                                            refusal,
                                            String.join(", ", signals.columns())))));
      }
    }
  }

  /**
   * Every term takes the sizes it will meet: it is evaluated once on random rows of them. A term
   * that needs a signal whose shape is not known yet is passed over.
   *
   * @param rows of one worker's batch
   * @param samples training examples of one worker, asked for only where a term finds a few too
   *     few; empty when they cannot be counted, which is a fault of its own
   * @param signals the shape of each signal by the name that a loss uses
   */
  void sizes(int rows, Supplier<OptionalInt> samples, Map<String, List<Integer>> signals) {
    StudentGraph graph = training.graph();
    int classes = graph.outputShape(StudentGraph.LOGITS).sizes().get(0);
    int few = Math.max(rows + 1, 2 * classes);
    for (Term term : terms()) {
      Map<String, List<Integer>> shapes = new HashMap<>();
      term.requires()
          .student()
          .forEach(name -> shapes.put("student." + name, graph.outputShape(name).sizes()));
      boolean known = true;
      for (String need : term.requires().teacher()) {
        known &= addShapes(need, signals, shapes);
      }
      if (known) {
        Objective objective = term.made().objective();
        Rehearsal.complaint(objective, new Dimensions(rows, few, classes, shapes))
            .flatMap(
                ofFew ->
                    samples.get().stream()
                        .mapToObj(all -> new Dimensions(rows, all, classes, shapes))
                        .flatMap(all -> Rehearsal.complaint(objective, all).stream())
                        .findFirst())
            .ifPresent(
                complaint ->
                    term.problem(
                        "cannot be computed from rows of %s: %s"
                            .formatted(shown(shapes), complaint)));
      }
    }
  }

  private static boolean addShapes(
      String need, Map<String, List<Integer>> signals, Map<String, List<Integer>> shapes) {
    if (SqlSignal.of(need).isPresent()) {
      shapes.put("teacher." + need, List.of());
      return true;
    }
    List<String> members = Requirements.members(need, signals.keySet());
    members.forEach(name -> shapes.put("teacher." + name, signals.get(name)));
    return !members.isEmpty();
  }

  private static String shown(Map<String, List<Integer>> shapes) {
    return shapes.entrySet().stream()
        .filter(shape -> !shape.getValue().isEmpty())
        .map(shape -> shape.getKey() + " " + shape.getValue())
        .sorted()
        .collect(Collectors.joining(", "));
  }
}
