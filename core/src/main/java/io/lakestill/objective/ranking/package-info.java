/** Objectives on ranked lists, for recommenders. */
package io.lakestill.objective.ranking;
