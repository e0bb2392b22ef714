package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Draw.Positions;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.head.RegionHead;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * The token set of TRG: the cells of a grid over both maps, of which a few are drawn per row, the
 * same ones on both sides; the student's through a linear map to the teacher's channels.
 *
 * <p>Tokens: {@code [rows * tokens, out]}; {@code index.tokens: [rows, tokens]}, cells by rows.
 */
final class SampledTokens implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final String INDEX = "index.tokens";

  static final Requirements REQUIREMENTS = RegionHead.REQUIREMENTS.and(Requirements.of(INDEX));

  private final int tokens;
  private final RegionHead head;
  private int rows;
  private int[] drawn = {};
  private transient double[] ours;
  private transient double[] theirs;
  private transient double[] byCell;

  /**
   * @param grid the cells along each side of a map
   * @param tokens the cells drawn per row
   */
  SampledTokens(int grid, int tokens) {
    this.head = new RegionHead(List.of(grid));
    this.tokens = Rule.atLeast(1, "tokens", tokens);
    if (tokens > grid * grid) {
      throw new IllegalArgumentException(
          "tokens must be at most the %d cells of the grid, is %d".formatted(grid * grid, tokens));
    }
  }

  Equipment equipment(Dimensions dimensions) {
    Positions drawn = new Positions(INDEX, tokens, head.regions());
    return RegionHead.equip(dimensions).and(new Equipment(List.of(), List.of(), List.of(drawn)));
  }

  /** Fills {@link #student} and {@link #teacher}. */
  void forward(Batch batch) {
    head.forward(batch);
    rows = batch.rows();
    drawn = batch.indices(INDEX, rows, tokens, head.regions());
    ours = drawn(head.student(), ours);
    theirs = drawn(head.teacher(), theirs);
  }

  int count() {
    return rows * tokens;
  }

  int width() {
    return head.width();
  }

  /** {@code [count, width]}, valid until the next {@link #forward}. */
  double[] student() {
    return ours;
  }

  /** {@code [count, width]}, valid until the next {@link #forward}. */
  double[] teacher() {
    return theirs;
  }

  /** Takes the derivative by the student's tokens through to projector and map. */
  void backward(double[] byStudent, Gradients gradients) {
    int width = width();
    int size = rows * head.regions() * width;
    byCell = Scratch.atLeast(byCell, size);
    Arrays.fill(byCell, 0, size, 0.0);
    for (int token = 0; token < count(); token++) {
      for (int d = 0; d < width; d++) {
        // Added, not copied: whoever draws may draw a cell twice.
        byCell[cell(token) * width + d] += byStudent[token * width + d];
      }
    }
    head.backward(byCell, gradients);
  }

  private double[] drawn(double[] cells, double[] reused) {
    int width = width();
    double[] picked = Scratch.atLeast(reused, count() * width);
    for (int token = 0; token < count(); token++) {
      System.arraycopy(cells, cell(token) * width, picked, token * width, width);
    }
    return picked;
  }

  private int cell(int token) {
    return token / tokens * head.regions() + drawn[token];
  }
}
