/** Selective distillation: which rows are worth a teacher. */
package io.lakestill.objective.selection;
