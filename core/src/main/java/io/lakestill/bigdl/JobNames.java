package io.lakestill.bigdl;

import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;

/**
 * What Spark's pages, event logs and listeners call the jobs that this thread starts. A stage of a
 * run is a job group; what is done within it is the description of its jobs, after the name of the
 * stage, and the name of their Spark stages, in place of a line of code. The line is still in the
 * stages' details.
 *
 * <pre>
 * teach resnet, dt=2026-11-20: score 48 rows in 2 tasks
 * train student, seed 1: steps 401 to 480 of 9380, epoch 2
 * </pre>
 *
 * @param context of the application
 */
public record JobNames(SparkContext context) {
  /** The local property that holds what is done, without the name of the stage. */
  public static final String DOING = "callSite.short";

  private static final String GROUP = "spark.jobGroup.id";
  private static final String DESCRIPTION = "spark.job.description";
  private static final String PLACE = "lakestill.place";

  /** Begins a stage of a run: what follows is of this group. */
  public void stage(String name) {
    context.setLocalProperty(GROUP, name);
    context.setLocalProperty(DESCRIPTION, name);
    context.setLocalProperty(PLACE, name);
    context.setLocalProperty(DOING, null);
  }

  /** Says what the jobs do from here on, until this or {@link #stage} is called again. */
  public void now(String doing) {
    String place = context.getLocalProperty(PLACE);
    context.setLocalProperty(DESCRIPTION, place == null ? doing : place + ": " + doing);
    context.setLocalProperty(DOING, doing);
  }

  /** Says what the jobs of some work do, and after it again what was said before. */
  public <T> T during(String doing, Supplier<T> work) {
    Said before = Said.of(context);
    try {
      now(doing);
      return work.get();
    } finally {
      before.again(context);
    }
  }

  /** The same for work that names its jobs itself: it happens in a part of the stage. */
  public <T> T within(String part, Supplier<T> work) {
    Said before = Said.of(context);
    String whole = before.place().map(place -> place + ", " + part).orElse(part);
    try {
      context.setLocalProperty(PLACE, whole);
      context.setLocalProperty(DESCRIPTION, whole);
      context.setLocalProperty(DOING, null);
      return work.get();
    } finally {
      before.again(context);
    }
  }

  private record Said(
      Optional<String> place, Optional<String> description, Optional<String> doing) {
    static Said of(SparkContext context) {
      return new Said(
          Optional.ofNullable(context.getLocalProperty(PLACE)),
          Optional.ofNullable(context.getLocalProperty(DESCRIPTION)),
          Optional.ofNullable(context.getLocalProperty(DOING)));
    }

    void again(SparkContext context) {
      context.setLocalProperty(PLACE, place.orElse(null));
      context.setLocalProperty(DESCRIPTION, description.orElse(null));
      context.setLocalProperty(DOING, doing.orElse(null));
    }
  }
}
