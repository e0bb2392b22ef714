package io.lakestill.bigdl;

/**
 * Which rows a core's batch is of.
 *
 * @param rows of the node, one per slot
 * @param views in which they are seen
 * @param origin of all of them
 */
record BatchRows(int[] rows, int[] views, RowOrigin origin) {}
