package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.lakestill.objective.WeightedTerms.Term;
import io.lakestill.objective.logit.CrossEntropy;
import io.lakestill.objective.logit.KdKl;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Set;
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

  private static void step(WeightedTerms terms, Batch batch, Gradients gradients) {
    gradients.zero();
    terms.evaluate(batch, gradients);
  }
}
