package io.lakestill.train;

import java.io.Serializable;

/**
 * What one term of a loss did at one step.
 *
 * @param name of the term in histories
 * @param weight at that step
 * @param loss before the weight
 * @param gradientNorm the Euclidean norm of its weighted gradient by all student outputs and heads,
 *     a mean over the workers
 */
public record TermReport(String name, double weight, double loss, double gradientNorm)
    implements Serializable {
  private static final long serialVersionUID = 1L;
}
