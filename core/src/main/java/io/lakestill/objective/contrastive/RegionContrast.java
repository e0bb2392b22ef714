package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.head.RegionHead;
import io.lakestill.objective.numeric.GroupContrast;
import io.lakestill.objective.numeric.GroupContrast.Groups;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Schedule;
import java.util.List;

/** The contrast of MSDCRD: unit vectors of regions, told from others of their group. */
abstract class RegionContrast implements Objective {
  private static final long serialVersionUID = 1L;
  private static final double FLOOR = 1e-12;

  private final Schedule temperature;
  private final RegionHead head;
  private final GroupContrast contrast = new GroupContrast();
  private transient double[] norms;
  private transient double[] teacherNorms;
  private transient double[] slope;

  RegionContrast(List<Integer> grids, Schedule temperature) {
    this.head = new RegionHead(grids);
    this.temperature = Rule.positive("temperature", temperature);
  }

  /**
   * Which of the vectors {@code [rows, regions]} are told from each other.
   *
   * @param rows the examples of the batch
   * @param regions the vectors of each
   */
  abstract Groups groups(int rows, int regions);

  @Override
  public final Requirements requires() {
    return RegionHead.REQUIREMENTS;
  }

  @Override
  public final Equipment equip(Dimensions dimensions) {
    return RegionHead.equip(dimensions);
  }

  @Override
  public final double evaluate(Batch batch, Gradients gradients) {
    head.forward(batch);
    int vectors = batch.rows() * head.regions();
    int width = head.width();
    norms = Scratch.atLeast(norms, vectors);
    teacherNorms = Scratch.atLeast(teacherNorms, vectors);
    UnitRows.normalise(head.student(), vectors, width, FLOOR, norms);
    UnitRows.normalise(head.teacher(), vectors, width, FLOOR, teacherNorms);
    slope = Scratch.atLeast(slope, vectors * width);
    Groups groups = groups(batch.rows(), head.regions());
    double now = temperature.at(batch.progress());
    double loss = contrast.loss(head.student(), head.teacher(), groups, width, now, slope);
    UnitRows.backward(slope, head.student(), norms, vectors, width, FLOOR);
    head.backward(slope, gradients);
    return loss;
  }
}
