package io.lakestill.bigdl;

import io.lakestill.io.FloatTensor;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.Parameters;
import io.lakestill.train.TrainingEnvironment;
import io.lakestill.train.TrainingHistory;
import java.util.List;
import java.util.Map;

/**
 * What a training gave.
 *
 * @param parameters the weights at the end of the best epoch
 * @param heads of the loss by name, at the end of the best epoch; empty when there are none
 * @param engine that computed it
 * @param history all epochs; {@link TrainingHistory#best} says which was the best
 * @param legs the shapes of the cluster it ran on, more than one when it went on elsewhere
 */
public record TrainedStudent(
    Parameters parameters,
    Map<String, FloatTensor> heads,
    TrainingEngine engine,
    TrainingHistory history,
    List<TrainingEnvironment.Leg> legs) {
  public TrainedStudent {
    legs = List.copyOf(legs);
  }
}
