package io.lakestill.train;

import io.lakestill.error.Errors;
import io.lakestill.objective.Classifier;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Objective;
import io.lakestill.student.ClassifierLayer;
import io.lakestill.student.ParameterSpec;
import io.lakestill.student.StudentGraph;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameters that a loss is differentiated by, in one vector: its heads, then what it borrows
 * of the student. The vector rides beside the student's outputs in extra columns, filled row by
 * row, so that a batch of any number of rows carries it; what is left of the last rows is zero.
 *
 * @param heads those that are the loss's own
 * @param borrowed those that are the student's
 */
public record LossParameters(HeadLayout heads, List<Borrowed> borrowed) implements Serializable {
  private static final long serialVersionUID = 1L;

  public static final LossParameters NONE =
      new LossParameters(new HeadLayout(List.of()), List.of());

  public LossParameters {
    borrowed = List.copyOf(borrowed);
  }

  /**
   * A parameter of one of the student's layers, to whose gradient the loss adds its own.
   *
   * @param name as the loss calls it, such as {@code weight.student_classifier/0}
   * @param parameter as the student does, such as {@code linear2.weight}
   */
  public record Borrowed(String name, String parameter, List<Integer> shape)
      implements Serializable {
    private static final long serialVersionUID = 1L;

    public Borrowed {
      shape = List.copyOf(shape);
    }

    /** The number of values. */
    public int size() {
      return shape.stream().reduce(1, Math::multiplyExact);
    }
  }

  /** One parameter as the loss sees it. */
  public record Part(String name, List<Integer> shape) {}

  /**
   * What a loss borrows of a student.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) when the student has no such layer
   */
  static List<Borrowed> borrowed(Objective loss, StudentGraph graph) {
    List<Borrowed> borrowed = new ArrayList<>();
    for (Classifier classifier : loss.classifiers()) {
      if (classifier.ofStudent()) {
        borrowed.addAll(borrowed(classifier, graph));
      }
    }
    return borrowed;
  }

  private static List<Borrowed> borrowed(Classifier classifier, StudentGraph graph) {
    List<ParameterSpec> specs;
    try {
      specs = ClassifierLayer.of(graph, classifier.source()).parameters();
    } catch (IllegalArgumentException e) {
      throw Errors.badRecipe(
          "The loss needs the weights of the student's last layer: %s.".formatted(e.getMessage()));
    }
    List<Borrowed> borrowed = new ArrayList<>();
    List<String> names = List.of(classifier.weight(), classifier.bias());
    for (int i = 0; i < specs.size(); i++) {
      borrowed.add(new Borrowed(names.get(i), specs.get(i).name(), specs.get(i).shape()));
    }
    return borrowed;
  }

  /** Those of the vector, in its order. */
  public List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    for (Head head : heads.heads()) {
      parts.add(new Part(head.name(), head.shape()));
    }
    borrowed.forEach(one -> parts.add(new Part(one.name(), one.shape())));
    return parts;
  }

  /** The number of values of the vector. */
  public int size() {
    return borrowed.stream().mapToInt(Borrowed::size).reduce(heads.size(), Math::addExact);
  }

  /** The extra columns that a batch of so many rows needs. */
  public int columns(int rows) {
    return columns(size(), rows);
  }

  /** The columns that a vector of some size needs beside so many rows. */
  public static int columns(int size, int rows) {
    return (size + rows - 1) / rows;
  }
}
