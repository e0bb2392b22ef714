package io.lakestill.recipe;

import io.lakestill.io.EnumText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A teacher that spoke elsewhere: a table with what it said of each example, found by key.
 *
 * @param table where it is
 * @param id its key column; the data's when empty
 * @param statement what the columns hold
 * @param columns the column of that: an array or a vector, an answer, of two classes also a number;
 *     or one column for each class, in the order of {@code data.classes}
 * @param confidence how sure the teacher is of an answer; empty for other statements
 */
public record ScoreTable(
    TableSettings table,
    Optional<String> id,
    Statement statement,
    List<String> columns,
    Optional<Confidence> confidence) {

  /** What a table says of the classes; its key in a recipe is the name in lower case. */
  public enum Statement {
    /** Raw scores whose softmax are the probabilities. */
    LOGITS,
    /** Probabilities, which sum to one. */
    PROBABILITIES,
    /** Votes or counts, of which each class has a share. */
    SCORES,
    /** One class, by name or index. */
    ANSWER
  }

  /** How sure a teacher is of its answers. */
  public sealed interface Confidence {}

  /**
   * Equally sure of all answers.
   *
   * @param value the probability of the class it names
   */
  public record Always(double value) implements Confidence {}

  /**
   * As sure as a column says.
   *
   * @param column of the table
   */
  public record Varying(String column) implements Confidence {}

  public ScoreTable {
    columns = List.copyOf(columns);
    if (columns.isEmpty()) {
      throw new IllegalArgumentException(key(statement) + " must name at least one column");
    }
    if (columns.stream().distinct().count() != columns.size()) {
      throw new IllegalArgumentException(
          key(statement) + " must name each column once, names " + columns);
    }
    if (confidence.isPresent() != (statement == Statement.ANSWER)) {
      throw new IllegalArgumentException(
          statement == Statement.ANSWER
              ? "answer needs a confidence: the probability of the class it names, as a number such"
                  + " as 0.9, or the column that holds it"
              : "confidence belongs to an answer; %s say it themselves".formatted(key(statement)));
    }
  }

  static Optional<ScoreTable> read(Settings settings) {
    String path = settings.text("path");
    Optional<String> where = settings.optionalText("where");
    Optional<String> id = settings.optionalText("id");
    List<Statement> said =
        Stream.of(Statement.values()).filter(statement -> settings.has(key(statement))).toList();
    Optional<Confidence> confidence =
        settings.has("confidence") ? Optional.of(confidence(settings)) : Optional.empty();
    List<String> columns = new ArrayList<>();
    if (said.size() == 1 && said.get(0) == Statement.ANSWER) {
      columns.add(settings.text(key(Statement.ANSWER)));
    } else if (said.size() == 1) {
      columns.addAll(settings.texts(key(said.get(0))));
    } else {
      settings.problem(
          "must name the columns of exactly one of logits, probabilities, scores and answer; names "
              + (said.isEmpty() ? "none" : said.stream().map(ScoreTable::key).toList()));
    }
    return settings.build(
        () -> new ScoreTable(new TableSettings(path, where), id, said.get(0), columns, confidence));
  }

  private static Confidence confidence(Settings settings) {
    return settings.isText("confidence")
        ? new Varying(settings.text("confidence"))
        : new Always(settings.number("confidence"));
  }

  /** The key of a statement in a recipe. */
  private static String key(Statement statement) {
    return EnumText.of(statement);
  }

  /** The key of the columns in a recipe. */
  public String key() {
    return key(statement);
  }
}
