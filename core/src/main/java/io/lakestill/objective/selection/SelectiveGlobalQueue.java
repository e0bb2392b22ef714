package io.lakestill.objective.selection;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Memory;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Selective distillation against a queue of past losses: hard is what was hard over many batches.
 *
 * <p>As {@code selective-batch}, with the gate at the {@code ceil(ratio m)}-th largest of a queue
 * of m losses, after this batch's n losses were appended: when {@code n + m < queue-size} the queue
 * grows, else the n oldest are dropped first. As in the reference, the queue so seldom reaches its
 * size, and a batch larger than the queue replaces it.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [tokens, classes]}, {@code labels: [tokens]},
 * {@code mask: [tokens]}, optional. In nats. Tokens whose mask is 0 or whose label is {@code
 * padding-idx} do not count. {@code reduction = sum} as in the reference, which divides by the
 * tokens of all workers afterwards; where nobody does, a term's weight would depend on batch and
 * cores, and {@code token-mean} divides by the tokens of this worker's part of the batch.
 *
 * <p>Memory: {@code state.queue: [m]}, empty at the start. Each worker (a core) has a queue of the
 * losses of its own batches and so a gate of its own; with W workers the queues hold W times the
 * losses, from W times as many steps back.
 *
 * <p>Source: Wang, Yan, Meng, Zhou, "Selective Knowledge Distillation for Neural Machine
 * Translation", 2021; LeslieOverfitting/selective_distillation {@code
 * label_smoothed_cross_entropy.py}, {@code global_level}.
 */
public final class SelectiveGlobalQueue implements Objective {
  private static final long serialVersionUID = 1L;

  private final SelectiveTerms terms;
  private final int queueSize;
  private transient double[] values;

  SelectiveGlobalQueue(SelectiveTerms terms, int queueSize) {
    this.terms = terms;
    this.queueSize = Rule.atLeast(1, "queue-size", queueSize);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits", "labels", "state.queue");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    Memory queue = new Memory("state.queue", List.of(0), InitialValues.ZERO);
    return new Equipment(List.of(), List.of(queue), List.of());
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] losses = terms.losses(batch);
    int tokens = terms.tokens();
    if (tokens == 0) {
      return 0;
    }
    Tensor queue = batch.state().tensor("state.queue");
    int dropped = tokens + queue.size() < queueSize ? 0 : Math.min(tokens, queue.size());
    int kept = queue.size() - dropped;
    values = Scratch.atLeast(values, kept + tokens);
    for (int i = 0; i < kept; i++) {
      values[i] = queue.data()[dropped + i];
    }
    System.arraycopy(losses, 0, values, kept, tokens);
    remember(batch.state(), kept + tokens);
    return terms.evaluate(batch, gradients, terms.gate(values, kept + tokens));
  }

  private void remember(State state, int size) {
    Tensor queue = state.tensor("state.queue");
    if (queue.size() != size) {
      queue = Tensor.zeros(size);
      state.put("state.queue", queue);
    }
    for (int i = 0; i < size; i++) {
      queue.data()[i] = (float) values[i];
    }
  }

  /** The tokens on which the teacher spoke in the last {@link #evaluate}. */
  boolean[] selected() {
    return terms.selected();
  }

  @Override
  public Map<String, Double> parts() {
    return terms.parts();
  }

  /** Finds {@link SelectiveGlobalQueue} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "selective-global-queue";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      var terms = SelectiveTerms.read(options);
      int queueSize = options.integer("queue-size");
      return options.build(() -> new SelectiveGlobalQueue(terms.get(), queueSize));
    }
  }
}
