package io.lakestill.bigdl;

import io.lakestill.io.FloatTensor;
import io.lakestill.student.Parameters;
import java.util.Map;

/**
 * What has been learned by some step.
 *
 * @param student its parameters
 * @param heads of the loss by name, which leave with the training; empty when there are none
 */
record TrainedWeights(Parameters student, Map<String, FloatTensor> heads) {}
