package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.intel.analytics.bigdl.dllib.utils.Engine$;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.Epoch;
import io.lakestill.train.ResumeFolder;
import io.lakestill.train.RowLayout;
import io.lakestill.train.TrainingProgress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training whose driver died, and that goes on with other cores. */
class ResumedElsewhereTest {
  @TempDir Path folder;

  /** Hears of steps and notices, and may die as a driver does. */
  private static final class Listening implements TrainingProgress {
    private final int dies;
    private final List<Integer> steps = new ArrayList<>();
    private final List<String> notices = new ArrayList<>();

    private Listening(int dies) {
      this.dies = dies;
    }

    @Override
    public void step(Step step) {
      steps.add(step.step());
      if (step.step() == dies) {
        throw new IllegalStateException("killed");
      }
    }

    @Override
    public void epoch(Epoch epoch) {}

    @Override
    public void notice(String message) {
      notices.add(message);
    }
  }

  @AfterEach
  void restoreEngine() {
    Engine$.MODULE$.setNodeAndCore(1, LocalSpark.cluster().coresPerNode());
  }

  /** Rows are dealt anew: as good, but not the same bits. */
  @Test
  void theStudentIsAsGood() {
    TrainedStudent unbroken = train(2, new Listening(0), "whole");
    assertThatThrownBy(() -> train(1, new Listening(30), "broken")).hasMessage("killed");

    Listening heard = new Listening(0);
    TrainedStudent resumed = train(2, heard, "broken");

    assertThat(heard.notices)
        .anyMatch(notice -> notice.endsWith("the rows are dealt anew and the training goes on."));
    assertThat(heard.steps.get(0)).isBetween(2, 30);
    assertThat(resumed.history().epochs()).hasSize(6);
    assertThat(accuracy(unbroken)).isGreaterThan(1.5 / Pictures.CLASSES);
    assertThat(accuracy(resumed)).isCloseTo(accuracy(unbroken), within(0.15));
  }

  private TrainedStudent train(int cores, TrainingProgress progress, String states) {
    LocalSpark.cluster();
    Engine$.MODULE$.setNodeAndCore(1, cores);
    WeightedTerms loss = Losses.of("type = cross-entropy, weight = 1");
    RowLayout targets = Pictures.targets(loss);
    TrainSettings settings = Blobs.settings(6, 16, Blobs.adam(0.02));
    ClusterShape shape = new ClusterShape(1, cores);
    CheckpointFolder checkpoint =
        new CheckpointFolder(
            new org.apache.hadoop.fs.Path(folder.resolve(states).toUri()), new Configuration());
    return new StudentTrainer(Pictures.student(), loss, targets, settings, 3, shape)
        .train(
            new Pictures(121, 1).block(targets),
            new Pictures(45, 2).block(targets),
            folder.resolve("events-" + System.nanoTime()),
            progress,
            Optional.of(new Resumption(new ResumeFolder(checkpoint), "the same")),
            (trained, remembered) -> trained);
  }

  private static double accuracy(TrainedStudent trained) {
    return trained.history().epochs().stream()
        .mapToDouble(Epoch::validationAccuracy)
        .max()
        .orElseThrow();
  }
}
