/** How signals are stored: one {@link io.lakestill.signal.codec.Codec} per column. */
package io.lakestill.signal.codec;
