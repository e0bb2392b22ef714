package io.lakestill.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A condition that a scorecard must meet, such as {@code student.accuracy >= 0.95} or {@code
 * student.parameters <= 0.1 * teacher.parameters}: two sides with {@code >=}, {@code >}, {@code <=}
 * or {@code <} between them, each a number, a measure of the scorecard, or a number times a
 * measure.
 *
 * @param condition as the recipe has it
 */
public record Gate(String condition, GateSide left, Comparison comparison, GateSide right) {
  /** How the sides are compared. */
  public enum Comparison {
    AT_LEAST(">="),
    ABOVE(">"),
    AT_MOST("<="),
    BELOW("<");

    private final String symbol;

    Comparison(String symbol) {
      this.symbol = symbol;
    }

    public String symbol() {
      return symbol;
    }

    boolean holds(double left, double right) {
      return switch (this) {
        case AT_LEAST -> left >= right;
        case ABOVE -> left > right;
        case AT_MOST -> left <= right;
        case BELOW -> left < right;
      };
    }

    private static Comparison of(String symbol) {
      return Stream.of(values())
          .filter(comparison -> comparison.symbol.equals(symbol))
          .findFirst()
          .orElseThrow();
    }
  }

  private static final Pattern CONDITION = Pattern.compile("([^<>=]+)(>=|<=|>|<)([^<>=]+)");

  public Gate {
    Objects.requireNonNull(condition);
    if (left.path().isEmpty() && right.path().isEmpty()) {
      throw new IllegalArgumentException(
          "'%s' compares two numbers, so it says nothing about the scorecard; %s"
              .formatted(condition, GateSide.allowed()));
    }
  }

  /**
   * @throws IllegalArgumentException when it is not a condition, with a message that names what may
   *     be written
   */
  public static Gate parse(String condition) {
    Matcher parts = CONDITION.matcher(condition);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "'%s' is not a condition: write two sides with one of >=, >, <=, < between them, such as student.accuracy >= 0.95"
              .formatted(condition));
    }
    return new Gate(
        condition,
        GateSide.parse(parts.group(1).trim(), condition),
        Comparison.of(parts.group(2)),
        GateSide.parse(parts.group(3).trim(), condition));
  }

  /** The measures it needs, so that a recipe that cannot have them is refused before it runs. */
  public List<String> paths() {
    return Stream.of(left, right).flatMap(side -> side.path().stream()).toList();
  }

  /**
   * @param scorecard the JSON of a scorecard
   * @throws io.lakestill.error.LakestillException (exit 2) when the scorecard lacks a measure that
   *     the gate needs; a missing measure is never a gate that failed
   */
  public GateResult evaluate(JsonNode scorecard) {
    double leftValue = left.value(scorecard, condition);
    double rightValue = right.value(scorecard, condition);
    return new GateResult(
        condition, leftValue, rightValue, comparison.holds(leftValue, rightValue));
  }
}
