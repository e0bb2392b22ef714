/** Objectives and averages of federated distillation. */
package io.lakestill.objective.federated;
