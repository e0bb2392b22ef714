package io.lakestill.objective.feature;

import io.lakestill.error.Errors;
import io.lakestill.objective.Tensor;

/**
 * The grid on which two maps are compared: the one of greater height is averaged to the other's
 * height on both axes, as the reference implementations do.
 */
record MapGrid(int studentHeight, int studentWidth, int teacherHeight, int teacherWidth) {
  static MapGrid common(Tensor student, Tensor teacher) {
    int ours = student.dimension(2);
    int theirs = teacher.dimension(2);
    MapGrid grid =
        ours > theirs
            ? new MapGrid(theirs, theirs, theirs, teacher.dimension(3))
            : ours < theirs
                ? new MapGrid(ours, student.dimension(3), ours, ours)
                : new MapGrid(ours, student.dimension(3), theirs, teacher.dimension(3));
    if (grid.studentHeight != grid.teacherHeight || grid.studentWidth != grid.teacherWidth) {
      throw different(student, teacher);
    }
    return grid;
  }

  static void requireSame(Tensor student, Tensor teacher) {
    if (student.dimension(2) != teacher.dimension(2)
        || student.dimension(3) != teacher.dimension(3)) {
      throw different(student, teacher);
    }
  }

  private static RuntimeException different(Tensor student, Tensor teacher) {
    return Errors.badInput(
        "The student's map %s and the teacher's %s have no common grid; choose layers of one size."
            .formatted(student, teacher));
  }
}
