/** Objectives that know what a valid output is. */
package io.lakestill.objective.semantic;
