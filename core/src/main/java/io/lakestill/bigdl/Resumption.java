package io.lakestill.bigdl;

import io.lakestill.train.ResumeFolder;

/**
 * From where a training goes on when it was stopped.
 *
 * @param folder of its states
 * @param fingerprint of everything its result depends on, apart from the shape of the cluster
 */
public record Resumption(ResumeFolder folder, String fingerprint) {}
