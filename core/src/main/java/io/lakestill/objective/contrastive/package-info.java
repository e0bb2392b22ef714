/** Contrastive objectives: a row is told from others, of its batch, of a bank or of a queue. */
package io.lakestill.objective.contrastive;
