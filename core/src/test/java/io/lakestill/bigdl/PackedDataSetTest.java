package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import com.intel.analytics.bigdl.dllib.feature.dataset.MiniBatch;
import io.lakestill.train.PackedRows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.junit.jupiter.api.Test;

class PackedDataSetTest {
  private static final int[] SIZES = {7, 7, 6};
  private static final int ROWS = 20;
  private static final int VIEWS = 2;
  private static final int PER_PARTITION = 4;

  /** A row's one feature is {@code 10 * id + view}, its target the negative of that. */
  private static JavaRDD<PackedRows> blocks() {
    return LocalSpark.context()
        .parallelize(List.of(0, 1, 2), 3)
        .map(
            partition -> {
              float[][] features = new float[SIZES[partition]][];
              float[][] targets = new float[SIZES[partition]][];
              for (int row = 0; row < features.length; row++) {
                float value = 10 * (7 * partition + row);
                features[row] = new float[] {value, value + 1};
                targets[row] = new float[] {-value, -value - 1};
              }
              return new PackedRows(VIEWS, 1, 1, features, targets);
            });
  }

  private static PackedDataSet dataSet(long seed) {
    return new PackedDataSet(blocks(), List.of(1), PER_PARTITION, 1, seed);
  }

  /** The features of one job, by partition. */
  private static List<float[]> features(RDD<MiniBatch<Float>> batches) {
    return batches
        .toJavaRDD()
        .map(
            batch -> {
              float[] features = Floats.values(batch.getInput().toTensor(Floats.numeric()));
              float[] targets = Floats.values(batch.getTarget().toTensor(Floats.numeric()));
              for (int i = 0; i < features.length; i++) {
                if (targets[i] != -features[i]) {
                  throw new IllegalStateException("a target of another row");
                }
              }
              return features;
            })
        .collect();
  }

  @Test
  void everyRowIsSeenExactlyOncePerPass() {
    try (PackedDataSet dataSet = dataSet(1)) {
      RDD<MiniBatch<Float>> batches = dataSet.data(true);
      List<List<Integer>> streams =
          List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
      for (int step = 1; step <= 21; step++) {
        dataSet.startStep(step);
        List<float[]> step1 = features(batches);
        for (int partition = 0; partition < 3; partition++) {
          assertThat(step1.get(partition)).hasSize(PER_PARTITION);
          for (float value : step1.get(partition)) {
            streams.get(partition).add((int) value);
          }
        }
      }
      for (int partition = 0; partition < 3; partition++) {
        List<Integer> stream = streams.get(partition);
        int size = SIZES[partition];
        Set<List<Integer>> orders = new HashSet<>();
        for (int pass = 0; (pass + 1) * size <= stream.size(); pass++) {
          List<Integer> ids =
              stream.subList(pass * size, (pass + 1) * size).stream().map(v -> v / 10).toList();
          assertThat(new HashSet<>(ids))
              .as("pass %d of partition %d", pass, partition)
              .hasSize(size);
          orders.add(ids);
        }
        assertThat(orders).as("orders of partition %d", partition).hasSizeGreaterThan(5);
      }
    }
  }

  @Test
  void viewsTakeTurnsFromPassToPass() {
    try (PackedDataSet dataSet = dataSet(1)) {
      RDD<MiniBatch<Float>> batches = dataSet.data(true);
      Map<Integer, List<Integer>> views = new HashMap<>();
      for (int step = 1; step <= 14; step++) {
        dataSet.startStep(step);
        for (float value : features(batches).get(0)) {
          views.computeIfAbsent((int) value / 10, id -> new ArrayList<>()).add((int) value % 10);
        }
      }
      assertThat(views).hasSize(7);
      views.forEach(
          (id, seen) -> {
            for (int pass = 1; pass < seen.size(); pass++) {
              assertThat(seen.get(pass)).as("row %d", id).isNotEqualTo(seen.get(pass - 1));
            }
          });
      // Not all rows in the same view at a time.
      assertThat(views.values().stream().map(seen -> seen.get(0)).distinct()).hasSize(2);
    }
  }

  @Test
  void stepsAreTheSameInAnyOrderAndAgain() {
    try (PackedDataSet first = dataSet(1);
        PackedDataSet second = dataSet(1);
        PackedDataSet other = dataSet(2)) {
      first.startStep(9);
      second.startStep(2);
      features(second.data(true));
      second.startStep(9);
      other.startStep(9);

      List<float[]> expected = features(first.data(true));
      assertThat(features(second.data(true))).usingRecursiveComparison().isEqualTo(expected);
      assertThat(features(other.data(true))).usingRecursiveComparison().isNotEqualTo(expected);
    }
  }

  @Test
  void validationSeesTheFirstViewOfEveryRowOnce() {
    try (PackedDataSet dataSet = dataSet(1)) {
      List<Integer> seen = new ArrayList<>();
      for (float[] batch : features(dataSet.data(false))) {
        for (float value : batch) {
          seen.add((int) value);
        }
      }
      assertThat(seen).hasSize(ROWS).doesNotHaveDuplicates().allMatch(value -> value % 10 == 0);
      assertThat(dataSet.size()).isEqualTo(ROWS);
      assertThat(dataSet.partitionRows()).containsExactly(7, 7, 6);
    }
  }
}
