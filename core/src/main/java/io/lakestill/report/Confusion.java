package io.lakestill.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.metric.ClassificationTally;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How often each class was taken for each.
 *
 * @param counts {@code [classes][classes]}: row = true class, column = predicted class
 */
public record Confusion(List<List<Long>> counts) {
  public Confusion {
    counts = counts.stream().map(List::copyOf).toList();
    int classes = counts.size();
    if (classes < 2) {
      throw new IllegalArgumentException("a confusion needs at least 2 classes, has " + classes);
    }
    for (List<Long> row : counts) {
      if (row.size() != classes || row.stream().anyMatch(count -> count < 0)) {
        throw new IllegalArgumentException(
            "every row of a confusion needs %d counts, none negative; one is %s"
                .formatted(classes, row));
      }
    }
  }

  /** One way of being wrong. */
  public record Mistake(int actual, int predicted, long count) {}

  static Confusion of(ClassificationTally tally) {
    int classes = tally.classes();
    List<List<Long>> rows = new ArrayList<>();
    for (int actual = 0; actual < classes; actual++) {
      List<Long> row = new ArrayList<>();
      for (int predicted = 0; predicted < classes; predicted++) {
        row.add(tally.confusion(actual, predicted));
      }
      rows.add(row);
    }
    return new Confusion(rows);
  }

  public int classes() {
    return counts.size();
  }

  public long count(int actual, int predicted) {
    return counts.get(actual).get(predicted);
  }

  /** The test rows of a class. */
  public long rows(int actual) {
    return counts.get(actual).stream().mapToLong(Long::longValue).sum();
  }

  public long total() {
    return counts.stream().flatMap(List::stream).mapToLong(Long::longValue).sum();
  }

  /** Every mistake that was made, the most frequent first. */
  public List<Mistake> mistakes() {
    List<Mistake> mistakes = new ArrayList<>();
    for (int actual = 0; actual < classes(); actual++) {
      for (int predicted = 0; predicted < classes(); predicted++) {
        if (actual != predicted && count(actual, predicted) > 0) {
          mistakes.add(new Mistake(actual, predicted, count(actual, predicted)));
        }
      }
    }
    mistakes.sort(Comparator.comparingLong(Mistake::count).reversed());
    return mistakes;
  }

  ArrayNode toJson() {
    ArrayNode rows = Json.object().arrayNode();
    for (List<Long> row : counts) {
      row.forEach(rows.addArray()::add);
    }
    return rows;
  }

  static Confusion fromJson(JsonFields fields, String key) {
    List<List<Long>> rows = new ArrayList<>();
    for (JsonNode row : fields.list(key)) {
      List<Long> counts = new ArrayList<>();
      for (JsonNode count : row) {
        if (!count.isIntegralNumber()) {
          throw fields.refused(key, "a list of lists of whole numbers");
        }
        counts.add(count.longValue());
      }
      rows.add(counts);
    }
    return new Confusion(rows);
  }
}
