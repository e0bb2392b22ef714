package io.lakestill.jobs;

import io.lakestill.error.LakestillException;
import io.lakestill.student.ClassifierLayer;
import io.lakestill.student.StudentGraph;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a training will find of the last layers of teachers, before it starts.
 *
 * @param files of the teachers that are models
 * @param stored the shape that each signal will have in its table, by the name a loss uses
 */
record FutureClassifiers(
    Blueprint blueprint, TeacherFiles files, Map<String, List<Integer>> stored) {

  /** Why a teacher's last layer cannot be had, or does not read that signal; empty when it does. */
  Optional<String> refusal(String signal) {
    TeacherSignals.Source source = blueprint.signals().sources().get(signal);
    if (source == null) {
      return Optional.empty(); // Said by the check of signals.
    }
    TeacherPlan teacher = blueprint.teachers().get(source.teacher());
    if (teacher.settings().table().isPresent()) {
      return Optional.of(
          "teacher '%s' is a table, which has none; name its model, or leave the term out"
              .formatted(teacher.id()));
    }
    try {
      int width = width(teacher, source.column());
      List<Integer> shape = stored.getOrDefault(signal, List.of(width));
      return shape.equals(List.of(width))
          ? Optional.empty()
          : Optional.of(
              "it reads %d values, and '%s' is stored as %s".formatted(width, signal, shape));
    } catch (LakestillException | IllegalArgumentException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** The values that the layer reads. */
  private int width(TeacherPlan teacher, String column) {
    Map<String, String> tensors = teacher.settings().outputs();
    if (teacher.training().isPresent()) {
      StudentGraph graph = teacher.training().get().graph();
      return ClassifierLayer.of(graph, tensors.get(column)).parameters().get(0).shape().get(1);
    }
    return new TeacherWeights(() -> files.of(teacher), tensors)
        .lastLayer(files.of(teacher), column)
        .in();
  }
}
