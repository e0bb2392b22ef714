/** Objectives on feature maps and embeddings: what a layer of the student should look like. */
package io.lakestill.objective.feature;
