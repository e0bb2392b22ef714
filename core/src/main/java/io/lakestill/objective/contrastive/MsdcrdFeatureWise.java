package io.lakestill.objective.contrastive;

import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.numeric.GroupContrast.Groups;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.List;
import java.util.Optional;

/**
 * The feature-wise term of MSDCRD: a region of an example is told from the other regions of the
 * same example.
 *
 * <p>With the vectors {@code u_ip} of {@code msdcrd-sample-wise}, {@code loss} is the mean over
 * {@code i, p} of {@code -log softmax_q(u^s_ip . u^t_iq / T)[p]}. The teacher's side is constant.
 *
 * <p>Shapes: {@code student.map: [batch, in, h, w]}, {@code teacher.map: [batch, out, h', w']} of
 * any sizes, {@code weight.projector: [out, in]}, {@code bias.projector: [out]}. A vector of zeros
 * stays zero (norms are at least 1e-12). With a single region the loss is 0. It is a mean over
 * rows, so nothing changes when the batch is shared by workers.
 *
 * <p>Experimental: as {@code msdcrd-sample-wise}.
 *
 * <p>Source: Wang, Wang, "Contrastive Representation Distillation via Multi-Scale Feature
 * Decoupling", 2025; no reference code.
 */
public final class MsdcrdFeatureWise extends RegionContrast {
  private static final long serialVersionUID = 1L;

  MsdcrdFeatureWise(List<Integer> grids, Schedule temperature) {
    super(grids, temperature);
  }

  @Override
  Groups groups(int rows, int regions) {
    return new Groups(rows, regions, regions, 1);
  }

  /** Finds {@link MsdcrdFeatureWise} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "msdcrd-feature-wise";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of("the formula is a reconstruction; windows and temperature are our choice");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      List<Integer> grids = options.integers("grids");
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new MsdcrdFeatureWise(grids, temperature));
    }
  }
}
