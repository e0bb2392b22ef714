/** Distillation objectives: losses over named tensors with analytic gradients. */
package io.lakestill.objective;
