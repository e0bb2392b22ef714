package io.lakestill.jobs;

import io.lakestill.teacher.StatedScores;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;

/**
 * Reads what a table of scores says of an example, on the executors.
 *
 * @param name what messages call the teacher
 * @param stated how logits follow from it
 * @param classes how the numbers of the classes are stored
 * @param classWidth how many of them there are
 * @param answersByName whether an answer is a class name, not an index
 * @param further the signals beside the logits
 * @param widths how many values each of these has
 * @param first the ordinal of the column that says whether the table knows the example; its cells
 *     stand behind it
 */
record ScoreReader(
    String name,
    StatedScores stated,
    ScoreCell classes,
    int classWidth,
    boolean answersByName,
    List<ScoreCell> further,
    List<Integer> widths,
    int first)
    implements Examined, Serializable {
  private static final long serialVersionUID = 1L;

  /** The same for rows whose columns of this teacher begin elsewhere. */
  ScoreReader at(int ordinal) {
    return new ScoreReader(
        name, stated, classes, classWidth, answersByName, further, widths, ordinal);
  }

  /** The same without further signals: a model is measured by its logits. */
  ScoreReader logitsAlone() {
    return new ScoreReader(
        name, stated, classes, classWidth, answersByName, List.of(), List.of(), first);
  }

  /** Room for the signals of so many rows: logits first. */
  float[][] outputArrays(int rows) {
    float[][] outputs = new float[1 + further.size()][];
    outputs[0] = new float[rows * stated.classes().size()];
    for (int k = 0; k < further.size(); k++) {
      outputs[k + 1] = new float[rows * widths.get(k)];
    }
    return outputs;
  }

  /**
   * Reads all signals of an example.
   *
   * @param signals as {@link #outputArrays} makes them
   * @param index the place of the example in these
   * @return why it cannot be used, for a person
   */
  Optional<String> read(SpecializedGetters row, float[][] signals, int index) {
    if (row.isNullAt(first)) {
      return Optional.of("the table of scores has no row of it");
    }
    Optional<String> fault = logits(row, signals[0], index * stated.classes().size());
    int ordinal = first + 1 + classColumns();
    for (int k = 0; fault.isEmpty() && k < further.size(); k++) {
      double[] values = new double[widths.get(k)];
      fault = further.get(k).read(row, ordinal + k, values);
      for (int i = 0; i < values.length; i++) {
        signals[k + 1][index * values.length + i] = (float) values[i];
      }
    }
    return fault;
  }

  /** An answer has two columns: itself, and how sure it is. */
  private int classColumns() {
    return stated.isAnswer() ? 2 : 1;
  }

  private Optional<String> logits(SpecializedGetters row, float[] logits, int offset) {
    int ordinal = first + 1;
    if (!stated.isAnswer()) {
      double[] values = new double[classWidth];
      return classes.read(row, ordinal, values).or(() -> stated.logits(values, logits, offset));
    }
    if (row.isNullAt(ordinal) || row.isNullAt(ordinal + 1)) {
      return Optional.of(
          "its %s is null".formatted(row.isNullAt(ordinal) ? "answer" : "confidence"));
    }
    double confidence = row.getDouble(ordinal + 1);
    return answersByName
        ? stated.answer(row.getUTF8String(ordinal).toString(), confidence, logits, offset)
        : stated.answer(row.getDouble(ordinal), confidence, logits, offset);
  }
}
