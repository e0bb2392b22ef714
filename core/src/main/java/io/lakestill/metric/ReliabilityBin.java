package io.lakestill.metric;

/**
 * One bar of a reliability diagram: the rows whose confidence lies in {@code (lower, upper]}.
 *
 * @param lower exclusive
 * @param upper inclusive
 * @param rows how many rows fell here
 * @param meanConfidence the mean of their largest probability; 0 when there are none
 * @param accuracy the part of them that was right; 0 when there are none
 */
public record ReliabilityBin(
    double lower, double upper, long rows, double meanConfidence, double accuracy) {}
