/** What a training is, apart from BigDL: its rows, its order, its steps, its results. */
package io.lakestill.train;
