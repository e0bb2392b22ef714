/** The signal table: what a teacher said about every view of every example, as Parquet. */
package io.lakestill.signal;
