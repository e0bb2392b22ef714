/** Objectives on logits: softened distributions of teacher and student, and labels. */
package io.lakestill.objective.logit;
