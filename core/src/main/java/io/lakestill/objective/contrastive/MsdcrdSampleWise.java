package io.lakestill.objective.contrastive;

import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.numeric.GroupContrast.Groups;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.List;
import java.util.Optional;

/**
 * The sample-wise term of MSDCRD: a region of one example is told from the same region of the
 * others in the batch.
 *
 * <p>{@code u_ip} is the unit vector of example {@code i} at region {@code p}, a cell of one of the
 * grids that the map is averaged over; the student's through a linear map to the teacher's
 * channels. {@code loss} is the mean over {@code i, p} of {@code -log softmax_j(u^s_ip . u^t_jp /
 * T)[i]}. The teacher's side is constant.
 *
 * <p>Shapes: {@code student.map: [batch, in, h, w]}, {@code teacher.map: [batch, out, h', w']} of
 * any sizes, {@code weight.projector: [out, in]}, {@code bias.projector: [out]}. A vector of zeros
 * stays zero (norms are at least 1e-12). In distributed training the batch is one worker's part.
 *
 * <p>Experimental: the structure is the paper's, the formula a reconstruction. Grids and
 * temperature are our choice, the paper's selection of samples is missing, and the windows are the
 * cells of grids, which overlap where a grid does not divide the map.
 *
 * <p>Source: Wang, Wang, "Contrastive Representation Distillation via Multi-Scale Feature
 * Decoupling", 2025; no reference code.
 */
public final class MsdcrdSampleWise extends RegionContrast {
  private static final long serialVersionUID = 1L;

  MsdcrdSampleWise(List<Integer> grids, Schedule temperature) {
    super(grids, temperature);
  }

  @Override
  Groups groups(int rows, int regions) {
    return new Groups(regions, 1, rows, regions);
  }

  /** Finds {@link MsdcrdSampleWise} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "msdcrd-sample-wise";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of("the formula is a reconstruction; windows and temperature are our choice");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      List<Integer> grids = options.integers("grids");
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new MsdcrdSampleWise(grids, temperature));
    }
  }
}
