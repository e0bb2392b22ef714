package io.lakestill.jobs;

import java.util.List;
import java.util.Objects;
import org.apache.spark.Partitioner;

/**
 * Cuts the order of {@link RowKey} into partitions at exact places: first those of training, then
 * as many of validation, then one for the reports of the tasks.
 */
final class RowPartitioner extends Partitioner {
  private static final long serialVersionUID = 1L;

  /** The split under which a task's report travels. */
  static final Split REPORTS = Split.TEST;

  private final int partitionsPerSplit;
  private final List<RowKey> firstOfTraining;
  private final List<RowKey> firstOfValidation;

  /**
   * @param firstOfTraining the first key of each partition of training but the first
   * @param firstOfValidation likewise of validation
   */
  RowPartitioner(List<RowKey> firstOfTraining, List<RowKey> firstOfValidation) {
    this.partitionsPerSplit = firstOfTraining.size() + 1;
    this.firstOfTraining = List.copyOf(firstOfTraining);
    this.firstOfValidation = List.copyOf(firstOfValidation);
    if (firstOfValidation.size() != firstOfTraining.size()) {
      throw new IllegalArgumentException("both splits need as many partitions");
    }
  }

  int partitionsPerSplit() {
    return partitionsPerSplit;
  }

  int reports() {
    return 2 * partitionsPerSplit;
  }

  @Override
  public int numPartitions() {
    return 2 * partitionsPerSplit + 1;
  }

  @Override
  public int getPartition(Object key) {
    RowKey row = (RowKey) key;
    return switch (row.split()) {
      case TRAIN -> place(firstOfTraining, row);
      case VALIDATION -> partitionsPerSplit + place(firstOfValidation, row);
      case TEST -> reports();
    };
  }

  private static int place(List<RowKey> firsts, RowKey row) {
    int partition = 0;
    while (partition < firsts.size() && firsts.get(partition).compareTo(row) <= 0) {
      partition++;
    }
    return partition;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RowPartitioner partitioner
        && firstOfTraining.equals(partitioner.firstOfTraining)
        && firstOfValidation.equals(partitioner.firstOfValidation);
  }

  @Override
  public int hashCode() {
    return Objects.hash(firstOfTraining, firstOfValidation);
  }
}
