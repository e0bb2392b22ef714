/** Reference cases of objectives: reading them and checking an objective against them. */
package io.lakestill.objective.golden;
