package io.lakestill.teacher;

import io.lakestill.data.FeatureShape;
import io.lakestill.error.Errors;
import io.lakestill.recipe.TeacherSettings;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A teacher that fits its recipe: which input takes the features, in which shape, and which tensors
 * give the signals.
 *
 * @param id the teacher's id
 * @param origin where its ONNX file comes from, for messages
 * @param sha256 of its ONNX file
 * @param input the name of its input
 * @param rowShape the shape of one input row as the model wants it, without the batch
 * @param outputs the signals, {@code logits} first, then by name
 * @param inner tensors of these that the model does not declare as outputs
 */
public record TeacherModel(
    String id,
    String origin,
    String sha256,
    String input,
    List<Long> rowShape,
    List<SignalOutput> outputs,
    List<String> inner)
    implements Serializable {
  public TeacherModel {
    rowShape = List.copyOf(rowShape);
    outputs = List.copyOf(outputs);
    inner = List.copyOf(inner);
  }

  /**
   * Compares the model with the recipe and runs it on a few rows of zeros, before any real work.
   *
   * @param settings what the recipe asks of the teacher
   * @param file the model
   * @param features the shape of one example
   * @param classes the size of the label space
   * @throws io.lakestill.error.LakestillException (exit 3) for every mismatch of names, types or
   *     widths; the message lists what the model has
   */
  public static TeacherModel inspect(
      TeacherSettings settings, OnnxFile file, FeatureShape features, int classes) {
    TeacherOutputs wanted = TeacherOutputs.find(settings, file);
    try (OnnxModel model = OnnxModel.open(file, wanted.inner())) {
      TensorDescription input = input(settings, model);
      List<Long> rowShape = rowShape(settings.id(), input, features);
      List<SignalOutput> outputs =
          wanted.measured(settings.id(), model, input.name(), array(rowShape));
      checkClasses(settings.id(), outputs.get(0), classes);
      return new TeacherModel(
          settings.id(),
          file.origin(),
          file.sha256(),
          input.name(),
          rowShape,
          outputs,
          wanted.inner());
    }
  }

  /**
   * Opens the model so that it gives every signal.
   *
   * @param file the one this was inspected with
   */
  public OnnxModel open(OnnxFile file) {
    return OnnxModel.open(file, inner);
  }

  /** A runner of this teacher; {@code model} was opened by {@link #open}. */
  public OnnxRunner runner(OnnxModel model, int batch) {
    List<String> tensors = outputs.stream().map(SignalOutput::tensor).toList();
    return model.runner(input, array(rowShape), tensors, batch);
  }

  private static long[] array(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  private static TensorDescription input(TeacherSettings settings, OnnxModel model) {
    List<TensorDescription> inputs = model.inputs();
    Optional<TensorDescription> named =
        inputs.stream()
            .filter(input -> settings.input().map(input.name()::equals).orElse(true))
            .findFirst();
    if (inputs.size() != 1 || named.isEmpty()) {
      throw Errors.badInput(
          "Teacher '%s' has inputs %s, the recipe asks for %s; %s."
              .formatted(
                  settings.id(),
                  inputs,
                  settings.input().map(name -> "'" + name + "'").orElse("its only input"),
                  inputs.size() == 1
                      ? "correct its input in the recipe"
                      : "Lakestill feeds one input, so the others must become constants"));
    }
    return named.get();
  }

  /** The axes after the batch, with free ones filled from the shape of the features. */
  private static List<Long> rowShape(String id, TensorDescription input, FeatureShape features) {
    List<Long> image =
        List.of((long) features.channels(), (long) features.height(), (long) features.width());
    List<Long> given = input.rank() == 4 ? image : List.of((long) features.values());
    boolean fits = input.rank() == given.size() + 1 && input.isFloat() && input.hasFreeBatch();
    for (int axis = 1; fits && axis < input.rank(); axis++) {
      long size = input.sizes().get(axis);
      fits = size < 0 || size == given.get(axis - 1);
    }
    if (!fits) {
      throw Errors.badInput(
          ("Teacher '%s' has input %s, the recipe gives float [batch, %s] or [batch, %d]; correct"
                  + " the shape of its features, or export the model with that input and a free batch"
                  + " axis.")
              .formatted(
                  id,
                  input,
                  image.stream().map(String::valueOf).collect(Collectors.joining(", ")),
                  features.values()));
    }
    return given;
  }

  private static void checkClasses(String id, SignalOutput logits, int classes) {
    if (!logits.shape().equals(List.of(classes))) {
      throw Errors.badInput(
          ("Teacher '%s' gives '%s' of shape %s per row, the recipe has %d classes; correct"
                  + " data.classes or the outputs.logits of this teacher.")
              .formatted(id, logits.tensor(), logits.shape(), classes));
    }
  }
}
