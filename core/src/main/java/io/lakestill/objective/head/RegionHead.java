package io.lakestill.objective.head;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.SpatialMap;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Vectors of regions: both maps averaged over the cells of square grids, the student's through a
 * linear map to the teacher's channels.
 *
 * <p>A grid of {@code g} cuts a map into {@code g * g} cells, which overlap where {@code g} does
 * not divide the map's sides. The regions of a row are the cells of all grids, in their order, each
 * grid by rows of cells. So student and teacher may have maps of different sizes.
 *
 * <p>{@code student.map: [rows, in, h, w]}, {@code teacher.map: [rows, out, h', w']}, {@code
 * weight.projector: [out, in]}, {@code bias.projector: [out]}; vectors: {@code [rows * regions,
 * out]}.
 */
public final class RegionHead implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What an objective with this head asks for. */
  public static final Requirements REQUIREMENTS =
      Requirements.of("student.map", "teacher.map", "weight.projector", "bias.projector");

  private final List<Integer> grids;
  private final int regions;
  private final List<SpatialMap> student = new ArrayList<>();
  private final List<SpatialMap> teacher = new ArrayList<>();
  private final LinearHead linear = new LinearHead("projector");
  private int rows;
  private int in;
  private int width;
  private transient double[] pooled;
  private transient double[] ours;
  private transient double[] theirs;
  private transient double[] byChannel;
  private transient double[] byCell;

  /**
   * @param grids the cells along each side, for each grid
   */
  public RegionHead(List<Integer> grids) {
    this.grids = List.copyOf(grids);
    Rule.atLeast(1, "the number of grids", grids.size());
    int count = 0;
    for (int grid : grids) {
      count += Rule.atLeast(1, "grid", grid) * grid;
      student.add(new SpatialMap());
      teacher.add(new SpatialMap());
    }
    regions = count;
  }

  /** The parameters it learns. */
  public static Equipment equip(Dimensions dimensions) {
    return new LinearHead("projector")
        .equip(dimensions.channels("student.map"), dimensions.channels("teacher.map"));
  }

  /** The regions of one row. */
  public int regions() {
    return regions;
  }

  /** The teacher's channels. */
  public int width() {
    return width;
  }

  /** Fills {@link #student} and {@link #teacher}. */
  public void forward(Batch batch) {
    Tensor map = batch.finite("student.map");
    rows = map.rows();
    in = map.dimension(1);
    pooled = read(map, student, pooled);
    double[] projected = linear.forward(batch, pooled, rows, in, regions);
    width = linear.out();
    ours = turned(projected, width, regions, ours);
    Tensor target = batch.finite("teacher.map");
    if (target.dimension(1) != width) {
      throw Errors.badInput(
          "'teacher.map' is %s but the projected student has %d channels."
              .formatted(target, width));
    }
    byChannel = read(target, teacher, byChannel);
    theirs = turned(byChannel, width, regions, theirs);
  }

  /** {@code [rows * regions, width]}, valid until the next {@link #forward}. */
  public double[] student() {
    return ours;
  }

  /** {@code [rows * regions, width]}, valid until the next {@link #forward}. */
  public double[] teacher() {
    return theirs;
  }

  /** Takes the derivative by the student's vectors through to projector and map. */
  public void backward(double[] byStudent, Gradients gradients) {
    byChannel = turned(byStudent, regions, width, byChannel);
    double[] byPooled = linear.backward(byChannel, gradients);
    int first = 0;
    for (int g = 0; g < grids.size(); g++) {
      int cells = grids.get(g) * grids.get(g);
      byCell = Scratch.atLeast(byCell, rows * in * cells);
      for (int line = 0; line < rows * in; line++) {
        System.arraycopy(byPooled, line * regions + first, byCell, line * cells, cells);
      }
      student.get(g).backward(byCell, 1, gradients.of("student.map"));
      first += cells;
    }
  }

  /** {@code [rows, channels, regions]}: the map over every grid. */
  private double[] read(Tensor map, List<SpatialMap> pools, double[] reused) {
    int lines = map.rows() * map.dimension(1);
    double[] values = Scratch.atLeast(reused, lines * regions);
    int first = 0;
    for (int g = 0; g < grids.size(); g++) {
      int cells = grids.get(g) * grids.get(g);
      double[] cell = pools.get(g).read(map, grids.get(g), grids.get(g));
      for (int line = 0; line < lines; line++) {
        System.arraycopy(cell, line * cells, values, line * regions + first, cells);
      }
      first += cells;
    }
    return values;
  }

  /** Each row's {@code [m, n]} matrix transposed. */
  private double[] turned(double[] from, int m, int n, double[] reused) {
    double[] to = Scratch.atLeast(reused, rows * m * n);
    for (int row = 0; row < rows; row++) {
      int offset = row * m * n;
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          to[offset + j * m + i] = from[offset + i * n + j];
        }
      }
    }
    return to;
  }
}
