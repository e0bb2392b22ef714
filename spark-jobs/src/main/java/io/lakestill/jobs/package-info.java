/** Spark stages and the command line: wiring of what core computes. */
package io.lakestill.jobs;
