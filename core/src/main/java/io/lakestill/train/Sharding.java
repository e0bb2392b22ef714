package io.lakestill.train;

import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Memory;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.TermName;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How a partition's rows are dealt to the cores of its node when a loss keeps a memory of samples
 * or draws among them. A pure function of seed and partition: a shard is the same whenever and
 * wherever it is dealt.
 *
 * <p>Rows are dealt from a random order, so that each shard has its part of every class however the
 * table is sorted; shards differ by at most one row. Within a shard, samples keep the order of the
 * rows, so with one core sample {@code i} is row {@code i}.
 *
 * @param loss whose memory the shards hold
 * @param layout of its inputs
 * @param cores shards per partition
 * @param rowsPerCore the rows of one core's batch
 * @param seed the training's seed
 */
public record Sharding(Objective loss, BatchLayout layout, int cores, int rowsPerCore, long seed)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** A pass that no training reaches, for the order in which rows are dealt. */
  private static final long DEALING = -1;

  /**
   * @param rows at least one per core
   */
  public List<Shard> deal(PackedRows rows, int partition) {
    int[] order = new RowOrder(seed, partition, rows.rows(), 1).permutation(DEALING);
    List<Shard> shards = new ArrayList<>();
    for (int core = 0; core < cores; core++) {
      int[] own = new int[(rows.rows() - core + cores - 1) / cores];
      for (int i = 0; i < own.length; i++) {
        own[i] = order[core + i * cores];
      }
      Arrays.sort(own);
      int worker = partition * cores + core;
      shards.add(new Shard(worker, own, labels(rows, own), memory(worker, own.length)));
    }
    return shards;
  }

  private int[] labels(PackedRows rows, int[] own) {
    int at = layout.targets().slot(Requirements.LABELS).offset();
    return Arrays.stream(own).map(row -> (int) rows.target(row, at)).toArray();
  }

  private State memory(int worker, int samples) {
    return memory(loss.equip(layout.dimensions(rowsPerCore, samples)), worker, seed);
  }

  /** Term {@code i} finds {@code state.queue/i} as {@code state.queue} in its own part. */
  static State memory(Equipment equipment, int worker, long seed) {
    State state = new State();
    for (Memory memory : equipment.memory()) {
      int[] shape = memory.shape().stream().mapToInt(Integer::intValue).toArray();
      int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
      float[] values = memory.initial().draw(size, SplitMix.seed(seed, worker, memory.name()));
      put(state, memory.name(), new Tensor(shape, values));
    }
    return state;
  }

  private static void put(State state, String name, Tensor tensor) {
    if (name.contains("/")) {
      TermName outer = TermName.parse(name);
      state.part(outer.part()).put(outer.name(), tensor);
    } else {
      state.put(name, tensor);
    }
  }
}
