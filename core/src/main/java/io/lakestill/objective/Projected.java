package io.lakestill.objective;

import io.lakestill.objective.head.LinearHead;
import io.lakestill.objective.numeric.Doubles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An objective whose student outputs first go through a learnable linear map to the channels of the
 * teacher's signal of the same name, for methods that compare elements of equal shapes.
 *
 * <p>{@code y[b,o,p] = sum_i weight[o,i] x[b,i,p] + bias[o]} at each location {@code p} of a map,
 * or on an embedding; the objective sees {@code y} in place of {@code x}, rounded to floats.
 *
 * <p>{@code weight.projection.<output>: [teacher's channels, student's]}, {@code
 * bias.projection.<output>: [teacher's channels]}: they start as PyTorch's linear layers do, learn
 * with the student and leave with the training.
 */
public final class Projected implements Objective {
  private static final long serialVersionUID = 1L;
  private static final String STUDENT = "student.";

  private final Objective objective;
  private final List<String> outputs;
  private final List<LinearHead> heads = new ArrayList<>();
  private final Requirements requirements;
  private transient double[][] values;
  private transient double[][] slopes;
  private transient float[][] mappedValues;
  private transient float[][] mappedSlopes;
  private transient Batch outer;
  private transient Batch inner;
  private transient Gradients outerGradients;
  private transient Gradients innerGradients;

  /**
   * @param outputs the student outputs that are mapped, by the objective's own names, such as
   *     {@code map}; each has a teacher's signal of the same name
   */
  public Projected(Objective objective, List<String> outputs) {
    this.objective = objective;
    this.outputs = List.copyOf(outputs);
    List<String> parameters = new ArrayList<>();
    for (String output : outputs) {
      if (parameters.contains("weight." + head(output))) {
        throw new IllegalArgumentException("'%s' stands there twice".formatted(output));
      }
      if (!objective.requires().student().contains(output)
          || !objective.requires().teacher().contains(output)) {
        throw new IllegalArgumentException(
            "'%s' cannot be projected: it must be an output of the student, of %s, and a signal of the teacher, of %s"
                .formatted(output, objective.requires().student(), objective.requires().teacher()));
      }
      heads.add(new LinearHead(head(output)));
      parameters.add("weight." + head(output));
      parameters.add("bias." + head(output));
    }
    this.requirements = objective.requires().and(Requirements.of(parameters));
  }

  private static String head(String output) {
    return "projection." + output;
  }

  @Override
  public Requirements requires() {
    return requirements;
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    Map<String, List<Integer>> shapes = new TreeMap<>(dimensions.shapes());
    Equipment learned = Equipment.NONE;
    for (int k = 0; k < outputs.size(); k++) {
      String output = outputs.get(k);
      int out = dimensions.channels("teacher." + output);
      learned = learned.and(heads.get(k).equip(dimensions.channels(STUDENT + output), out));
      List<Integer> mapped = new ArrayList<>(dimensions.shape(STUDENT + output));
      mapped.set(0, out);
      shapes.put(STUDENT + output, mapped);
    }
    return learned.and(
        objective.equip(
            new Dimensions(dimensions.rows(), dimensions.samples(), dimensions.classes(), shapes)));
  }

  @Override
  public List<Classifier> classifiers() {
    return objective.classifiers();
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    if (batch != outer) {
      inner = mapped(batch);
      outer = batch;
      outerGradients = null;
    }
    if (gradients != outerGradients) {
      innerGradients = mapped(gradients);
      outerGradients = gradients;
    }
    for (int k = 0; k < outputs.size(); k++) {
      forward(k, batch);
    }
    inner.progress(batch.progress());
    double loss = objective.evaluate(inner, innerGradients);
    for (int k = 0; k < outputs.size(); k++) {
      String name = STUDENT + outputs.get(k);
      slopes[k] = Doubles.of(innerGradients.of(name), slopes[k]);
      Doubles.addTo(gradients.of(name), 1, heads.get(k).backward(slopes[k], gradients));
    }
    return loss;
  }

  private void forward(int k, Batch batch) {
    String name = STUDENT + outputs.get(k);
    Tensor student = batch.finite(name);
    int channels = student.dimension(1);
    values[k] = Doubles.of(student, values[k]);
    double[] mapped =
        heads
            .get(k)
            .forward(batch, values[k], student.rows(), channels, student.width() / channels);
    float[] target = inner.tensor(name).data();
    float[] slope = innerGradients.of(name).data();
    for (int i = 0; i < inner.tensor(name).size(); i++) {
      target[i] = (float) mapped[i];
      slope[i] = 0;
    }
  }

  /**
   * The same batch with tensors of its own where the student's are mapped. Under a filter every
   * step may bring another batch object; the arrays are the same ones, made for the most rows so
   * far.
   */
  private Batch mapped(Batch batch) {
    if (values == null) {
      values = new double[outputs.size()][];
      slopes = new double[outputs.size()][];
      mappedValues = new float[outputs.size()][0];
      mappedSlopes = new float[outputs.size()][0];
    }
    Batch.Builder builder = Batch.of(batch.rows()).state(batch.state());
    for (String name : batch.names()) {
      if (!batch.hasTensor(name)) {
        builder.indices(name, batch.indices(name));
      } else if (name.startsWith(STUDENT) && outputs.contains(name.substring(STUDENT.length()))) {
        int[] shape = batch.tensor(name).shape();
        shape[1] = batch.tensor("weight." + head(name.substring(STUDENT.length()))).rows();
        int k = outputs.indexOf(name.substring(STUDENT.length()));
        mappedValues[k] = atLeast(mappedValues[k], shape);
        builder.tensor(name, new Tensor(shape, mappedValues[k]));
      } else {
        builder.tensor(name, batch.tensor(name));
      }
    }
    return builder.build();
  }

  private Gradients mapped(Gradients gradients) {
    Map<String, Tensor> accumulators = new TreeMap<>();
    gradients.names().forEach(name -> accumulators.put(name, gradients.of(name)));
    for (int k = 0; k < outputs.size(); k++) {
      String name = STUDENT + outputs.get(k);
      int[] shape = inner.tensor(name).shape();
      mappedSlopes[k] = atLeast(mappedSlopes[k], shape);
      accumulators.put(name, new Tensor(shape, mappedSlopes[k]));
    }
    return Gradients.over(accumulators);
  }

  private static float[] atLeast(float[] reused, int[] shape) {
    int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    return reused.length < size ? new float[size] : reused;
  }

  @Override
  public boolean rowwise() {
    return objective.rowwise();
  }

  @Override
  public double counted(Batch batch) {
    return objective.counted(inner);
  }

  @Override
  public Map<String, Double> parts() {
    return objective.parts();
  }
}
