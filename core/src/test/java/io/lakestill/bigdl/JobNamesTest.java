package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.SparkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JobNamesTest {
  private final SparkContext context = LocalSpark.context().sc();
  private final JobNames names = new JobNames(context);

  @AfterEach
  void forget() {
    for (String property :
        new String[] {
          "spark.jobGroup.id", "spark.job.description", JobNames.DOING, "lakestill.place"
        }) {
      context.setLocalProperty(property, null);
    }
  }

  private String described() {
    return context.getLocalProperty("spark.job.description");
  }

  private String doing() {
    return context.getLocalProperty(JobNames.DOING);
  }

  @Test
  void aJobIsDescribedByTheStageAndWhatIsDoneOfIt() {
    names.now("count rows");
    assertThat(described()).as("no stage yet").isEqualTo("count rows");

    names.stage("train student, seed 1");
    assertThat(described()).isEqualTo("train student, seed 1");
    assertThat(doing()).as("Spark's own name until there is one").isNull();

    names.now("steps 2 to 9 of 40, epoch 1");
    assertThat(described()).isEqualTo("train student, seed 1: steps 2 to 9 of 40, epoch 1");
    assertThat(doing()).isEqualTo("steps 2 to 9 of 40, epoch 1");
    assertThat(context.getLocalProperty("spark.jobGroup.id")).isEqualTo("train student, seed 1");
  }

  @Test
  void workInAPartOfAStageLeavesTheNamesAsTheyWere() {
    names.stage("teach cnn");
    names.now("compare");

    String within =
        names.within(
            "dt=2026-11-20",
            () -> names.within("check before", () -> names.during("columns", this::described)));

    assertThat(within).isEqualTo("teach cnn, dt=2026-11-20, check before: columns");
    assertThat(described()).isEqualTo("teach cnn: compare");
    assertThat(doing()).isEqualTo("compare");
    assertThatThrownBy(
            () ->
                names.during(
                    "columns",
                    () -> {
                      throw new IllegalStateException("no table");
                    }))
        .hasMessage("no table");
    assertThat(described()).isEqualTo("teach cnn: compare");
  }
}
