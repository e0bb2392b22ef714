/** How a wide signal is narrowed before it is stored: see {@code docs/signal-tables.md}. */
package io.lakestill.signal.projection;
