package io.lakestill.bigdl;

import io.lakestill.recipe.TrainingEngine;
import io.lakestill.train.CheckpointManifest.ParameterFile;
import io.lakestill.train.ResumeFolder;
import io.lakestill.train.ResumeManifest;
import io.lakestill.train.TrainingEnvironment.Leg;
import io.lakestill.train.TrainingHistory;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * Where one training stores the states it can go on from.
 *
 * @param folder of them
 * @param fingerprint of the training
 * @param keep how many stay
 */
record ResumeCheckpoints(ResumeFolder folder, String fingerprint, int keep) {
  CheckpointPlace place() {
    return CheckpointPlace.of(folder.files());
  }

  /** The newest state that is whole, as a person finds it. */
  Optional<String> newest() {
    return folder
        .newest(fingerprint)
        .map(
            found ->
                "after step %d, in '%s'".formatted(found.position().step(), folder.files().path()));
  }

  void commit(
      ResumeManifest.Position position,
      TrainingHistory history,
      ParameterFile state,
      List<ParameterFile> memory,
      TrainingEngine engine,
      List<Leg> legs) {
    folder.commit(
        new ResumeManifest(
            fingerprint,
            engine,
            legs,
            position,
            history,
            state,
            memory,
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString()),
        keep);
  }
}
