package io.lakestill.objective;

import io.lakestill.recipe.Schedule;

/**
 * What an objective asks of a teacher's logits when it does not need them all: the largest of each
 * row, and of the other classes only their mass together, {@code sum_c softmax(logits / T)_c}. Any
 * logits that agree in both give the same loss and gradient.
 *
 * @param count how many of the largest
 * @param temperature T
 */
public record KeptClasses(int count, Schedule temperature) {}
