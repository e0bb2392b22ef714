/** What a run came to: the scorecard, the gates that judge it, and (in {@code page}) its page. */
package io.lakestill.report;
