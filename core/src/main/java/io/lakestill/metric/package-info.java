/** Mergeable tallies of what a model got right, and the arithmetic of softmax they rest on. */
package io.lakestill.metric;
