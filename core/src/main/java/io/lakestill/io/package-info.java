/** Bytes on any Hadoop file system: JSON contracts, hashes, atomic files. */
package io.lakestill.io;
