package io.lakestill.jobs;

import io.lakestill.recipe.Encoding;
import io.lakestill.recipe.FeatureSettings;
import java.io.Serializable;
import java.util.List;

/**
 * How the features of an example are stored: what the student is shown and, where the teacher is
 * shown something else, that too.
 *
 * @param student of the column {@link ExampleTable#RAW}
 * @param teacher of the column {@link ExampleTable#own} of the only teacher; none when it is shown
 *     the same
 */
record RawCells(Encoding student, List<Encoding> teacher) implements Serializable {
  private static final long serialVersionUID = 1L;

  RawCells {
    teacher = List.copyOf(teacher);
  }

  /** Of which student and teacher are shown the same. */
  static RawCells shared(Encoding encoding) {
    return new RawCells(encoding, List.of());
  }

  static RawCells of(FeatureSettings student, List<OwnFeatures> teacher) {
    return new RawCells(
        student.encoding(), teacher.stream().map(own -> own.features().encoding()).toList());
  }

  boolean teacherHasOwn() {
    return !teacher.isEmpty();
  }

  /** Of what the teacher is shown, whether it is its own or not. */
  Encoding seenByTeacher() {
    return teacherHasOwn() ? teacher.get(0) : student;
  }
}
