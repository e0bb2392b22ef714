/** Learnable heads: the parts of a training graph that serve an objective and leave with it. */
package io.lakestill.objective.head;
