/** Losses of published multi-task students. */
package io.lakestill.objective.multitask;
