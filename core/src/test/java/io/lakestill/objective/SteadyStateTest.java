package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.lakestill.objective.WeightedTerms.Term;
import io.lakestill.objective.logit.CrossEntropy;
import io.lakestill.objective.logit.KdKl;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SteadyStateTest {
  @Test
  void aStepAllocatesNextToNothingOnceShapesAreKnown() {
    WeightedTerms terms =
        new WeightedTerms(
            List.of(
                new Term("cross-entropy", 0.1, new CrossEntropy()),
                new Term("kd-kl", 0.9, new KdKl(4))));
    Batch batch = RandomBatch.ofLogits(1, 256, 100, 2);
    Gradients gradients = Gradients.of(batch, Set.of("student.logits"));
    for (int warm = 0; warm < 50; warm++) {
      step(terms, batch, gradients);
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 100; i++) {
      step(terms, batch, gradients);
    }
    long perStep = (threads.getCurrentThreadAllocatedBytes() - before) / 100;
    // Iterators and lambdas over a handful of names; the smallest array of a batch is 102,400
    // bytes.
    assertThat(perStep).isLessThan(1024);
  }

  @Test
  void norDoesAFilteredAndWeightedTermWhateverRowsItKeeps() {
    Objective composed =
        new Bound(new RowFilter(new RowWeights(new KdKl(4), "margin"), "good"), Map.of(), 0);
    WeightedTerms terms = new WeightedTerms(List.of(new Term("kd-kl", 1, composed)));
    Batch logits = RandomBatch.ofLogits(1, 256, 100, 2);
    float[] good = new float[256];
    float[] margins = new float[256];
    Arrays.fill(margins, 0.5f);
    Batch batch =
        Batch.of(256)
            .tensor("student.logits", logits.tensor("student.logits"))
            .tensor("teacher.logits", logits.tensor("teacher.logits"))
            .tensor("teacher.sql:good", new Tensor(new int[] {256, 1}, good))
            .tensor("teacher.sql:margin", new Tensor(new int[] {256, 1}, margins))
            .build();
    Gradients gradients = Gradients.of(batch, Set.of("student.logits"));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = 0;
    for (int i = 0; i < 3 * 256; i++) {
      if (i == 2 * 256) {
        before = threads.getCurrentThreadAllocatedBytes();
      }
      good[i % 256] = 1 - good[i % 256];
      step(terms, batch, gradients);
    }
    long perStep = (threads.getCurrentThreadAllocatedBytes() - before) / 256;
    // The views of a batch of another number of rows, no array of values.
    assertThat(perStep).isLessThan(4096);
  }

  @Test
  void norDoesAProjectionOfWhateverRowsAreKept() {
    Objective cosine = MadeObjective.of("cosine-embedding", "");
    Objective composed =
        new Bound(new RowFilter(new Projected(cosine, List.of("embedding")), "good"), Map.of(), 0);
    WeightedTerms terms = new WeightedTerms(List.of(new Term("cosine", 1, composed)));
    SplittableRandom random = new SplittableRandom(1);
    float[] good = new float[256];
    Batch batch =
        Batch.of(256)
            .tensor("student.embedding", RandomBatch.normal(random, 1, 256, 64))
            .tensor("teacher.embedding", RandomBatch.normal(random, 1, 256, 96))
            .tensor("weight.projection.embedding/0", RandomBatch.normal(random, 1, 96, 64))
            .tensor("bias.projection.embedding/0", RandomBatch.normal(random, 1, 96))
            .tensor("teacher.sql:good", new Tensor(new int[] {256, 1}, good))
            .build();
    Gradients gradients = Gradients.of(batch, batch.present(terms.requires().differentiable()));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = 0;
    for (int i = 0; i < 3 * 256; i++) {
      if (i == 2 * 256) {
        before = threads.getCurrentThreadAllocatedBytes();
      }
      good[i % 256] = 1 - good[i % 256];
      step(terms, batch, gradients);
    }
    long perStep = (threads.getCurrentThreadAllocatedBytes() - before) / 256;
    // The views of a batch of another number of rows; the smallest array of 128 rows has 32,768
    // bytes.
    assertThat(perStep).isLessThan(8192);
  }

  private static void step(WeightedTerms terms, Batch batch, Gradients gradients) {
    gradients.zero();
    terms.evaluate(batch, gradients);
  }
}
