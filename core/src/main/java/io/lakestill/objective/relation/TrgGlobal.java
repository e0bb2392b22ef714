package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.numeric.GroupContrast;
import io.lakestill.objective.numeric.GroupContrast.Groups;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The global term of TRG: a token is told from all tokens drawn from the batch.
 *
 * <p>{@code loss = (1/M) sum_i -log softmax_j(cos(s_i, t_j) / T)[i]} over {@code M = batch tokens}.
 * The teacher's side is constant. T may be a schedule: it is meant to fall during training, from
 * coarse to fine.
 *
 * <p>Shapes: {@code student.map: [batch, in, h, w]}, {@code teacher.map: [batch, out, h', w']} of
 * any sizes, averaged over a grid of cells, the tokens; {@code weight.projector: [out, in]}, {@code
 * bias.projector: [out]}; {@code index.tokens: [batch, tokens]}, the cells drawn per row. Norms are
 * at least 1e-12. In distributed training the batch is one worker's part.
 *
 * <p>Experimental: read in a summary of the paper; number and size of tokens, temperatures, and the
 * mean in place of the sum are our choice. Each term of TRG learns a projector of its own.
 *
 * <p>Source: Zhang, Liu, He, "Knowledge Distillation via Token-level Relationship Graph", 2023; no
 * reference code.
 */
public final class TrgGlobal implements Objective {
  private static final long serialVersionUID = 1L;
  private static final double FLOOR = 1e-12;

  private final SampledTokens tokens;
  private final Schedule temperature;
  private final GroupContrast contrast = new GroupContrast();
  private transient double[] norms;
  private transient double[] teacherNorms;
  private transient double[] slope;

  TrgGlobal(SampledTokens tokens, Schedule temperature) {
    this.tokens = tokens;
    this.temperature = Rule.positive("temperature", temperature);
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
    norms = Scratch.atLeast(norms, count);
    teacherNorms = Scratch.atLeast(teacherNorms, count);
    UnitRows.normalise(tokens.student(), count, width, FLOOR, norms);
    UnitRows.normalise(tokens.teacher(), count, width, FLOOR, teacherNorms);
    slope = Scratch.atLeast(slope, count * width);
    double now = temperature.at(batch.progress());
    double loss =
        contrast.loss(tokens.student(), tokens.teacher(), Groups.one(count), width, now, slope);
    UnitRows.backward(slope, tokens.student(), norms, count, width, FLOOR);
    tokens.backward(slope, gradients);
    return loss;
  }

  /** Finds {@link TrgGlobal} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "trg-global";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of("read in a summary of the paper; tokens and temperature are our choice");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int grid = options.integer("grid");
      int tokens = options.integer("tokens");
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new TrgGlobal(new SampledTokens(grid, tokens), temperature));
    }
  }
}
