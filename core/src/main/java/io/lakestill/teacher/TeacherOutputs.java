package io.lakestill.teacher;

import io.lakestill.error.Errors;
import io.lakestill.io.CloseNames;
import io.lakestill.recipe.TeacherSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * The tensors a recipe asks of a teacher: outputs of its model, or tensors inside it, which need no
 * other export.
 *
 * @param signals the names of the signals, {@code logits} first, then by name
 * @param tensors the tensor of each
 * @param inner those that the model does not declare as outputs
 */
record TeacherOutputs(List<String> signals, List<String> tensors, List<String> inner) {
  private static final int SHOWN = 5;

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when the model computes no such tensor;
   *     the message says what it has
   */
  static TeacherOutputs find(TeacherSettings settings, OnnxFile file) {
    List<String> signals =
        settings.outputs().keySet().stream()
            .sorted(Comparator.comparing((String s) -> !s.equals("logits")).thenComparing(s -> s))
            .toList();
    List<String> tensors = signals.stream().map(settings.outputs()::get).toList();
    List<String> declared = file.outputs();
    List<String> computed = file.tensors();
    for (int k = 0; k < signals.size(); k++) {
      if (!declared.contains(tensors.get(k)) && !computed.contains(tensors.get(k))) {
        throw unknown(settings.id(), signals.get(k), tensors.get(k), file, computed);
      }
    }
    List<String> inner =
        tensors.stream().filter(tensor -> !declared.contains(tensor)).distinct().sorted().toList();
    return new TeacherOutputs(signals, tensors, inner);
  }

  private static RuntimeException unknown(
      String id, String signal, String tensor, OnnxFile file, List<String> computed) {
    List<String> close = CloseNames.of(tensor, computed, SHOWN);
    try (OnnxModel model = OnnxModel.open(file)) {
      return Errors.badInput(
          ("Teacher '%s' has no tensor '%s', which outputs.%s names; %sits outputs are %s,"
                  + " and bin/lakestill inspect-teacher %s lists the tensors inside it.")
              .formatted(
                  id,
                  tensor,
                  signal,
                  close.isEmpty() ? "" : "close to that are " + quoted(close) + ", ",
                  model.outputs(),
                  file.origin()));
    }
  }

  private static String quoted(List<String> names) {
    return names.stream().map(name -> "'" + name + "'").collect(Collectors.joining(", "));
  }

  /**
   * The signals with their shapes, as the model really gives them.
   *
   * @param id the teacher's
   * @param model opened with {@link #inner}
   * @throws io.lakestill.error.LakestillException (exit 3) when a tensor is not float or does not
   *     have one part per row
   */
  List<SignalOutput> measured(String id, OnnxModel model, String input, long[] rowShape) {
    Map<String, TensorDescription> given =
        model.outputs().stream().collect(Collectors.toMap(TensorDescription::name, o -> o));
    for (int k = 0; k < signals.size(); k++) {
      TensorDescription tensor = given.get(tensors.get(k));
      if (!tensor.isFloat()) {
        throw Errors.badInput(
            "Teacher '%s' gives %s, but %s must be a float tensor; correct its outputs.%s."
                .formatted(id, tensor, signals.get(k), signals.get(k)));
      }
    }
    List<long[]> shapes = model.rowShapes(input, rowShape, tensors);
    List<SignalOutput> outputs = new ArrayList<>();
    for (int k = 0; k < signals.size(); k++) {
      outputs.add(new SignalOutput(signals.get(k), tensors.get(k), sizes(shapes.get(k))));
    }
    return outputs;
  }

  private static List<Integer> sizes(long[] shape) {
    return shape.length == 0
        ? List.of(1)
        : LongStream.of(shape).mapToInt(Math::toIntExact).boxed().toList();
  }
}
