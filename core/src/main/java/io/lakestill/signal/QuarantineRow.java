package io.lakestill.signal;

/**
 * A view of an example the teacher could say nothing about.
 *
 * @param sampleId the key of the example
 * @param viewId the view, 0 for the example itself
 * @param reason what is wrong with it, for a person
 */
public record QuarantineRow(String sampleId, int viewId, String reason) {}
