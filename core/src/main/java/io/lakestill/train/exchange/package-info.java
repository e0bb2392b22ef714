/** How the nodes of a training add what each has computed: over TCP, in a fixed order. */
package io.lakestill.train.exchange;
