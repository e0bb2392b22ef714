/**
 * The training engine, BigDL: the only package that imports it. Modules from graphs and back, the
 * criterion, the data set, the optimizer run. What replaces a part of BigDL is of that part's own
 * type.
 */
package io.lakestill.bigdl;
