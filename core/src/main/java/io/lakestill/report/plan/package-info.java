/** What a run will cost, before it is started. */
package io.lakestill.report.plan;
