package io.lakestill.objective.relation;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The local term of TRG: tokens of the whole batch are linked to their neighbours as the teacher's
 * are.
 *
 * <p>Over the {@code M = batch tokens} drawn tokens, on each side, {@code A_ij = exp(-|x_i - x_j|^2
 * / (2 sigma out))} where i is among the {@code neighbours} nearest to j, else 0; {@code loss =
 * (1/M) sum_i KL(softmax_j(A^s_ij) || softmax_j(A^t_ij))}. Which tokens are neighbours is constant
 * in the backward pass; {@code out} is the teacher's channels.
 *
 * <p>Shapes: {@code student.map: [batch, in, h, w]}, {@code teacher.map: [batch, out, h', w']} of
 * any sizes, averaged over a grid of cells, the tokens; {@code weight.projector: [out, in]}, {@code
 * bias.projector: [out]}; {@code index.tokens: [batch, tokens]}, the cells drawn per row. In nats.
 * A single token has loss 0. In distributed training the batch is one worker's part.
 *
 * <p>Experimental: read in a summary of the paper, whose divergence has the student's side first;
 * number and size of tokens, neighbours, sigma, and the mean in place of the sum are our choice.
 *
 * <p>Source: Zhang, Liu, He, "Knowledge Distillation via Token-level Relationship Graph", 2023; no
 * reference code.
 */
public final class TrgLocal implements Objective {
  private static final long serialVersionUID = 1L;

  private final SampledTokens tokens;
  private final int neighbours;
  private final double sigma;
  private final NeighbourGraph ours = new NeighbourGraph();
  private final NeighbourGraph theirs = new NeighbourGraph();
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] byLink;
  private transient double[] slope;

  TrgLocal(SampledTokens tokens, int neighbours, double sigma) {
    this.tokens = tokens;
    this.neighbours = Rule.atLeast(1, "neighbours", neighbours);
    this.sigma = Rule.positive("sigma", sigma);
  }

  @Override
  public Requirements requires() {
    return SampledTokens.REQUIREMENTS;
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    return tokens.equipment(dimensions);
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    tokens.forward(batch);
    int count = tokens.count();
    int width = tokens.width();
    double scaled = sigma * width;
    double[] s = ours.of(tokens.student(), count, width, neighbours, scaled);
    double[] t = theirs.of(tokens.teacher(), count, width, neighbours, scaled);
    student = Scratch.atLeast(student, count);
    teacher = Scratch.atLeast(teacher, count);
    byLink = Scratch.atLeast(byLink, count * count);
    double loss = 0;
    for (int i = 0; i < count; i++) {
      System.arraycopy(s, i * count, student, 0, count);
      System.arraycopy(t, i * count, teacher, 0, count);
      LogSoftmax.normalise(student, count);
      LogSoftmax.normalise(teacher, count);
      double divergence = 0;
      for (int j = 0; j < count; j++) {
        divergence += Math.exp(student[j]) * (student[j] - teacher[j]);
      }
      for (int j = 0; j < count; j++) {
        byLink[i * count + j] =
            Math.exp(student[j]) * (student[j] - teacher[j] - divergence) / count;
      }
      loss += divergence / count;
    }
    slope = Scratch.atLeast(slope, count * width);
    ours.backward(byLink, tokens.student(), count, width, scaled, slope);
    tokens.backward(slope, gradients);
    return loss;
  }

  /** Finds {@link TrgLocal} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "trg-local";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of(
          "read in a summary of the paper; tokens, neighbours and sigma are our choice");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int grid = options.integer("grid");
      int tokens = options.integer("tokens");
      int neighbours = options.integer("neighbours");
      double sigma = options.number("sigma");
      return options.build(() -> new TrgLocal(new SampledTokens(grid, tokens), neighbours, sigma));
    }
  }
}
