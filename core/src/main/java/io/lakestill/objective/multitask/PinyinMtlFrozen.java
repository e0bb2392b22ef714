package io.lakestill.objective.multitask;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;

/**
 * The loss of a name-gender student that also spells: labels, a frozen teacher's distribution and
 * embedding, and the characters.
 *
 * <p>{@code loss = CE(s, y) + (1/B) sum_b KL(softmax(t_b) || softmax(s_b)) + mean (f_s - f_t)^2 +
 * char}, {@code char} the mean over the {@code 2B} slots of the cross-entropy with the character. A
 * slot whose mask is 0 counts with logits and character 0: it adds {@code log V} and no gradient.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}, {@code student.embedding,
 * teacher.embedding: [batch, width]}, {@code student.char_logits: [batch, slots, characters]},
 * {@code labels: [batch]}, {@code index.char_ids, mask: [batch, slots]}.
 *
 * <p>Source: du241231/pinyin_name_gender_prediction {@code pinyin_mtl_kd.py}; the original trains
 * the teacher too, here it is frozen.
 */
public final class PinyinMtlFrozen implements Objective {
  private static final long serialVersionUID = 1L;

  private double crossEntropy;
  private double divergence;
  private double meanSquare;
  private double characterLoss;
  private transient double[] teacherLog;
  private transient double[] studentLog;

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.logits",
        "teacher.logits",
        "student.embedding",
        "teacher.embedding",
        "student.char_logits",
        "labels",
        "index.char_ids");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    throw Errors.notTrainable(
        "pinyin-mtl-frozen",
        "the characters of each name",
        "a training reads one label per row and no list of them; give its parts as terms of their"
            + " own: cross-entropy, kd-kl, cosine-embedding");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    int rows = student.rows();
    int classes = student.width();
    float[] gradient = gradients.of("student.logits").data();
    int[] labels = batch.labels(classes);
    Tensor characters = batch.finite("student.char_logits");
    int most = Math.max(classes, characters.dimension(2));
    teacherLog = Scratch.atLeast(teacherLog, most);
    studentLog = Scratch.atLeast(studentLog, most);
    crossEntropy = 0;
    divergence = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      LogSoftmax.of(teacher.data(), offset, classes, 1.0, teacherLog);
      LogSoftmax.of(student.data(), offset, classes, 1.0, studentLog);
      crossEntropy -= studentLog[labels[row]] / rows;
      for (int c = 0; c < classes; c++) {
        double p = Math.exp(teacherLog[c]);
        double target = c == labels[row] ? 1 : 0;
        divergence += p * (teacherLog[c] - studentLog[c]) / rows;
        gradient[offset + c] += (float) ((2 * Math.exp(studentLog[c]) - target - p) / rows);
      }
    }
    meanSquare = embeddings(batch, gradients);
    characterLoss = characters(batch, characters, gradients);
    return crossEntropy + divergence + meanSquare + characterLoss;
  }

  private static double embeddings(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.embedding");
    Tensor teacher = batch.finite("teacher.embedding");
    Shapes.requireSame("student.embedding", student, "teacher.embedding", teacher);
    float[] gradient = gradients.of("student.embedding").data();
    double sum = 0;
    for (int i = 0; i < student.size(); i++) {
      double difference = student.at(i) - teacher.at(i);
      sum += difference * difference / student.size();
      gradient[i] += (float) (2 * difference / student.size());
    }
    return sum;
  }

  private double characters(Batch batch, Tensor logits, Gradients gradients) {
    int slots = logits.dimension(1);
    int characters = logits.dimension(2);
    int count = logits.rows() * slots;
    int[] ids = batch.indices("index.char_ids", logits.rows(), slots, characters);
    int[] mask = batch.indices("mask", logits.rows(), slots, 2);
    float[] gradient = gradients.of("student.char_logits").data();
    double loss = 0;
    for (int slot = 0; slot < count; slot++) {
      if (mask[slot] == 0) {
        loss += Math.log(characters) / count;
        continue;
      }
      int offset = slot * characters;
      LogSoftmax.of(logits.data(), offset, characters, 1.0, studentLog);
      loss -= studentLog[ids[slot]] / count;
      for (int c = 0; c < characters; c++) {
        double target = c == ids[slot] ? 1 : 0;
        gradient[offset + c] += (float) ((Math.exp(studentLog[c]) - target) / count);
      }
    }
    return loss;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of(
        "ce", crossEntropy, "kl", divergence, "mse", meanSquare, "char_ce", characterLoss);
  }

  /** Finds {@link PinyinMtlFrozen} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "pinyin-mtl-frozen";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(PinyinMtlFrozen::new);
    }
  }
}
