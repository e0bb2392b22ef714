package io.lakestill.objective.bench;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Indices;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** Inputs of any objective by their names, from a seed. */
record WorkloadInputs(String objective, Workload.Size size, SplittableRandom random) {
  private static final int CLASSES = 100;
  private static final int WIDTH = 128;
  private static final int HEADS = 4;
  private static final int TOKENS = 16;

  Batch batch(Requirements requirements) {
    Batch.Builder builder = Batch.of(size.rows());
    State state = new State();
    TreeSet<String> inputs = new TreeSet<>(requirements.inputs());
    // What they take beside what they require.
    if (inputs.contains("student.char_logits") || objective.equals("focal-gate")) {
      inputs.add("mask");
    }
    for (String input : inputs) {
      if (input.endsWith("*")) {
        for (int i = 0; i < 2; i++) {
          String member = input.substring(0, input.length() - 1) + i;
          builder.tensor(member, tensor(member));
        }
      } else if (input.startsWith("state.")) {
        state.put(input, tensor(input));
      } else if (input.equals("labels") || input.equals("mask") || input.startsWith("index.")) {
        builder.indices(input, indices(input));
      } else {
        builder.tensor(input, tensor(input));
      }
    }
    return builder.state(state).build();
  }

  private Tensor tensor(String input) {
    if (input.startsWith("state.bank_") || input.equals("state.queue")) {
      if (objective.equals("selective-global-queue")) {
        return RandomBatch.normal(random, 1, size.negatives());
      }
      int rows = input.equals("state.queue") ? size.negatives() : size.bank();
      Tensor bank = RandomBatch.normal(random, 1, rows, WIDTH);
      unitRows(bank);
      return bank;
    }
    if (input.equals("state.queue_pointer")) {
      return Tensor.zeros(1);
    }
    if (input.startsWith("state.z_")) {
      return new Tensor(new int[] {1}, new float[] {-1});
    }
    if (input.equals("student.gate")) {
      Tensor gate = Tensor.zeros(size.rows());
      for (int i = 0; i < size.rows(); i++) {
        gate.data()[i] = (float) (0.05 + 0.9 * random.nextDouble());
      }
      return gate;
    }
    if (input.equals("state.support_weight")) {
      Tensor one = Tensor.zeros(CLASSES);
      Arrays.fill(one.data(), 1f);
      return one;
    }
    double spread = input.startsWith("weight.") ? 0.1 : 1;
    return RandomBatch.normal(random, spread, shape(input));
  }

  private int[] shape(String input) {
    String key = input.substring(input.indexOf('.') + 1);
    if (key.equals("char_logits")) {
      return new int[] {size.rows(), 2, CLASSES};
    }
    if (key.startsWith("logits")) {
      return new int[] {size.rows(), CLASSES};
    }
    if (key.startsWith("map")) {
      return new int[] {size.rows(), 64, 8, 8};
    }
    if (key.startsWith("attention")) {
      return new int[] {size.rows(), HEADS, TOKENS, TOKENS};
    }
    if (input.startsWith("student.") || input.startsWith("teacher.")) {
      return key.length() == 1
          ? new int[] {size.rows(), HEADS, TOKENS, WIDTH / HEADS}
          : new int[] {size.rows(), WIDTH};
    }
    boolean bias = input.startsWith("bias.");
    if (objective.equals("mhpflid-attention")) {
      return input.startsWith("weight.") ? new int[] {32, 32} : new int[] {size.rows(), TOKENS, 32};
    }
    if (key.endsWith("scale") || key.equals("logit")) {
      return new int[] {objective.equals("vid") ? 64 : 1};
    }
    if (key.startsWith("regressor") || key.equals("projector")) {
      return bias ? new int[] {64} : new int[] {64, 64};
    }
    if (key.endsWith("_classifier")) {
      int out = objective.startsWith("coopkd") ? 1 : CLASSES;
      return bias ? new int[] {out} : new int[] {out, WIDTH};
    }
    if (key.startsWith("target.") || key.startsWith("nontarget.")) {
      int in = key.startsWith("target.") ? 2 : 2 * (CLASSES - 1);
      int[] first = bias ? new int[] {64} : new int[] {64, in};
      int[] second = bias ? new int[] {1} : new int[] {1, 64};
      return key.endsWith("0") ? first : second;
    }
    if (key.endsWith("projection")) {
      return bias ? new int[] {WIDTH} : new int[] {WIDTH, WIDTH};
    }
    throw new IllegalArgumentException(
        "The benchmark has no size for '%s' of %s; give it one.".formatted(input, objective));
  }

  private Indices indices(String input) {
    return switch (input) {
      case "labels" -> drawn(1, objective.startsWith("coopkd") ? 2 : CLASSES);
      case "mask" -> ones(objective.startsWith("pinyin") ? 2 : 1);
      case "index.samples" -> order(size.bank());
      case "index.permutation" -> order(size.rows());
      case "index.positives" -> drawn(1, size.bank());
      case "index.negatives" -> drawn(size.negatives(), size.bank());
      case "index.bank_labels" -> Indices.of(random.ints(size.bank(), 0, CLASSES).toArray());
      case "index.tokens" -> drawn(4, 16);
      case "index.items", "index.ranked" -> drawn(10, CLASSES);
      case "index.uninteresting" -> drawn(40, CLASSES);
      case "index.topk" -> drawn(10, CLASSES);
      case "index.char_ids" -> drawn(2, CLASSES);
      case "index.seen" -> Indices.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
      case "index.sequence" -> repeated(16);
      case "index.support" -> diagonal();
      default ->
          throw new IllegalArgumentException(
              "The benchmark has no size for '%s' of %s; give it one.".formatted(input, objective));
    };
  }

  private Indices drawn(int width, int below) {
    return new Indices(
        new int[] {size.rows(), width},
        random.ints((long) size.rows() * width, 0, below).toArray());
  }

  private Indices ones(int width) {
    int[] ones = new int[size.rows() * width];
    Arrays.fill(ones, 1);
    return new Indices(new int[] {size.rows(), width}, ones);
  }

  /** Different numbers below the bound, spread over it. */
  private Indices order(int below) {
    int[] order = new int[size.rows()];
    for (int row = 0; row < size.rows(); row++) {
      order[row] = (int) ((long) row * below / size.rows());
    }
    return Indices.of(order);
  }

  private Indices repeated(int times) {
    int[] groups = new int[size.rows()];
    for (int row = 0; row < size.rows(); row++) {
      groups[row] = row / times;
    }
    return Indices.of(groups);
  }

  private static Indices diagonal() {
    int[] support = new int[CLASSES * CLASSES];
    for (int i = 0; i < CLASSES; i++) {
      support[i * CLASSES + i] = 1;
    }
    return new Indices(new int[] {CLASSES, CLASSES}, support);
  }

  private static void unitRows(Tensor tensor) {
    int width = tensor.width();
    for (int row = 0; row < tensor.rows(); row++) {
      double squares = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        squares += (double) tensor.data()[i] * tensor.data()[i];
      }
      for (int i = row * width; i < (row + 1) * width; i++) {
        tensor.data()[i] /= (float) Math.sqrt(squares);
      }
    }
  }
}
