/** Objectives on relations: between the rows of a batch, or between the tokens of a row. */
package io.lakestill.objective.relation;
