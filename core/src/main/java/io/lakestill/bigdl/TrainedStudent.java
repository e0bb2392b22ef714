package io.lakestill.bigdl;

import io.lakestill.student.Parameters;
import io.lakestill.train.TrainingHistory;

/**
 * What a training gave.
 *
 * @param parameters the weights at the end of the best epoch
 * @param history all epochs; {@link TrainingHistory#best} says which was the best
 */
public record TrainedStudent(Parameters parameters, TrainingHistory history) {}
