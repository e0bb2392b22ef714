package io.lakestill.train;

import io.lakestill.error.Errors;
import io.lakestill.objective.Classifier;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.LossParameters.Borrowed;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Everything that reaches a loss in two flat tensors: the training graph's output (student outputs,
 * then the columns of the loss's parameters) and the target row.
 *
 * @param outputs of the student
 * @param targets labels and signals
 * @param parameters of the loss
 */
public record BatchLayout(RowLayout outputs, RowLayout targets, LossParameters parameters)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * @param rows the rows of one worker's batch
   * @param samples the training examples of a worker
   * @throws io.lakestill.error.LakestillException (exit 2) when the loss has an input that neither
   *     student, teacher, labels nor its own equipment gives
   */
  public static BatchLayout of(
      Objective loss, StudentGraph graph, RowLayout targets, int rows, int samples) {
    return of(
        loss,
        RowLayout.outputs(loss.requires(), graph),
        targets,
        LossParameters.borrowed(loss, graph),
        rows,
        samples);
  }

  /** The same for a loss that borrows nothing of the student. */
  public static BatchLayout of(
      Objective loss, RowLayout outputs, RowLayout targets, int rows, int samples) {
    return of(loss, outputs, targets, List.of(), rows, samples);
  }

  private static BatchLayout of(
      Objective loss,
      RowLayout outputs,
      RowLayout targets,
      List<Borrowed> borrowed,
      int rows,
      int samples) {
    BatchLayout bare = new BatchLayout(outputs, targets, LossParameters.NONE);
    Equipment equipment = loss.equip(bare.dimensions(rows, samples));
    requireProvided(loss, equipment, borrowed);
    return new BatchLayout(
        outputs, targets, new LossParameters(new HeadLayout(equipment.heads()), borrowed));
  }

  private static void requireProvided(
      Objective loss, Equipment equipment, List<Borrowed> borrowed) {
    Set<String> missing = new TreeSet<>(loss.requires().others());
    equipment.names().forEach(missing::remove);
    borrowed.forEach(parameter -> missing.remove(parameter.name()));
    // A layer without a bias gives none, and its reader makes do without.
    loss.classifiers().stream()
        .filter(Classifier::ofStudent)
        .forEach(classifier -> missing.remove(classifier.bias()));
    if (!missing.isEmpty()) {
      throw Errors.badRecipe(
          ("The loss needs %s, which a training does not provide; use an objective that names it in"
                  + " its equipment.")
              .formatted(String.join(", ", missing)));
    }
  }

  /**
   * The sizes from which an objective says what it needs.
   *
   * @param rows the rows of one worker's batch
   * @param samples the training examples of a worker
   */
  public Dimensions dimensions(int rows, int samples) {
    Map<String, List<Integer>> shapes = new HashMap<>();
    Stream.concat(outputs.slots().stream(), targets.slots().stream())
        .filter(slot -> !slot.name().equals(Requirements.LABELS))
        .forEach(slot -> shapes.put(slot.name(), slot.shape()));
    int classes = outputs.slot("student." + StudentGraph.LOGITS).width();
    return new Dimensions(rows, samples, classes, shapes);
  }

  /** The columns of the training graph's output for a batch of so many rows. */
  public int columns(int rows) {
    return outputs.width() + parameters.columns(rows);
  }

  /** The loss's own parameters. */
  public HeadLayout heads() {
    return parameters.heads();
  }
}
