package io.lakestill.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.error.Errors;
import io.lakestill.recipe.ModelRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One side of a gate: {@code factor * path}, or the number {@code factor} when there is no path.
 *
 * @param factor a number, 1 when only a path was written
 * @param path a measure of the scorecard
 */
public record GateSide(double factor, Optional<String> path) {
  /** Every measure a gate may name. */
  static final List<String> PATHS = paths();

  private static final String NUMBER = "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?";
  private static final Pattern SIDE =
      Pattern.compile("(?:(" + NUMBER + ")(?:\\s*\\*\\s*([a-z_.]+))?)|([a-z_.]+)");

  private static final Pattern TAUGHT =
      Pattern.compile(
          "teacher|scratch|student\\.(agreement|kl_)|across_seeds\\.(scratch|mean_diff|difference|wins)");

  private static final Pattern SCORED =
      Pattern.compile("teacher|(student|scratch)\\.(agreement|kl_)");
  private static final Pattern MODEL =
      Pattern.compile("teacher\\.(parameters|bytes|rows_per_second)");

  public GateSide {
    Require.finite("a number in a gate", factor);
  }

  static GateSide parse(String text, String condition) {
    Matcher side = SIDE.matcher(text);
    if (!side.matches()) {
      throw new IllegalArgumentException(
          "'%s' in '%s' is not a number, a measure, or a number * a measure; %s"
              .formatted(text, condition, allowed()));
    }
    double factor = side.group(1) == null ? 1 : Double.parseDouble(side.group(1));
    Optional<String> path =
        Optional.ofNullable(side.group(2)).or(() -> Optional.ofNullable(side.group(3)));
    path.filter(name -> !PATHS.contains(name))
        .ifPresent(
            name -> {
              throw new IllegalArgumentException(
                  "'%s' in '%s' is not a measure of the scorecard; %s"
                      .formatted(name, condition, allowed()));
            });
    return new GateSide(factor, path);
  }

  double value(JsonNode scorecard, String condition) {
    return path.map(name -> factor * measure(scorecard, name, condition)).orElse(factor);
  }

  private static double measure(JsonNode scorecard, String path, String condition) {
    JsonNode value = scorecard.at("/" + path.replace('.', '/'));
    if (!value.isNumber()) {
      throw Errors.badRecipe(
          "Gate '%s' needs '%s', which this scorecard does not have (%s); remove the gate or change the recipe so that it is measured."
              .formatted(condition, path, reason(path)));
    }
    return value.doubleValue();
  }

  private static String reason(String path) {
    return needsSeeds(path)
        ? "a deviation needs two seeds or more, and scratch's a teacher"
        : "without a teacher that knows the test rows the student alone is measured";
  }

  /** True of a measure that is there only when the recipe has a teacher. */
  static boolean needsTeacher(String path) {
    return TAUGHT.matcher(path).lookingAt();
  }

  /** True of a measure that compares with what a teacher says of the test rows. */
  public static boolean needsTeacherScores(String path) {
    return SCORED.matcher(path).lookingAt();
  }

  /** True of a measure that nobody knows of a teacher that is a table of scores. */
  static boolean needsTeacherModel(String path) {
    return MODEL.matcher(path).matches();
  }

  /** True of a measure that is there only with several seeds. */
  static boolean needsSeeds(String path) {
    return path.endsWith("standard_deviation");
  }

  static String allowed() {
    return "measures are " + String.join(", ", PATHS);
  }

  private static List<String> paths() {
    List<String> paths = new ArrayList<>();
    for (ModelRole role : ModelRole.values()) {
      List<String> measures =
          new ArrayList<>(
              List.of(
                  "accuracy",
                  "cross_entropy",
                  "calibration_error",
                  "parameters",
                  "bytes",
                  "rows_per_second"));
      if (role != ModelRole.TEACHER) {
        measures.addAll(List.of("agreement", "kl_to_teacher"));
      }
      measures.forEach(measure -> paths.add(role.written() + "." + measure));
    }
    for (String measure :
        List.of(
            "seeds",
            "student_accuracy.mean",
            "student_accuracy.standard_deviation",
            "scratch_accuracy.mean",
            "scratch_accuracy.standard_deviation",
            "mean_difference",
            "difference_standard_deviation",
            "wins")) {
      paths.add("across_seeds." + measure);
    }
    paths.add("test_rows");
    return List.copyOf(paths);
  }
}
