/** The arithmetic objectives share: plain loops over double arrays, each with its derivative. */
package io.lakestill.objective.numeric;
