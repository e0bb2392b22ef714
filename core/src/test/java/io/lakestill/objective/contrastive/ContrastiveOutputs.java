package io.lakestill.objective.contrastive;

import io.lakestill.objective.Objective;
import java.util.Map;

/** What reference cases know of the inside of contrasts. */
public final class ContrastiveOutputs {
  private ContrastiveOutputs() {}

  public static double[] plan(Objective wcord) {
    return ((WcordLckt) wcord).plan();
  }

  public static double[] studentAnchors(Objective crp) {
    return ((CrckdCrp) crp).studentAnchors();
  }

  public static double[] teacherAnchors(Objective crp) {
    return ((CrckdCrp) crp).teacherAnchors();
  }

  /**
   * CLIP-RD with its task and some of its other parts.
   *
   * @param weights of the parts by their names in a reference case
   */
  public static Objective clipRd(Map<String, Double> weights, double teacherScale) {
    return new ClipRd(
        ClipRd.Projection.LINEAR,
        new ClipRd.Weights(
            weights.getOrDefault("hrd", 0.0),
            weights.getOrDefault("icl", 0.0),
            weights.getOrDefault("fd", 0.0),
            weights.getOrDefault("vrd_kl", 0.0),
            weights.getOrDefault("vrd_ce_image", 0.0),
            weights.getOrDefault("vrd_ce_text", 0.0),
            weights.getOrDefault("xrd", 0.0)),
        teacherScale);
  }
}
