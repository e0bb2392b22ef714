package io.lakestill.train;

/**
 * Where the packed rows of a training are, over all its nodes.
 *
 * @param rows of training
 * @param heapBytes on the heaps of executors
 * @param diskBytes on their local disks
 */
public record RowsHeld(long rows, long heapBytes, long diskBytes) {}
