/** The scorecard as one HTML file for people: words, tables and pictures in SVG, no scripts. */
package io.lakestill.report.page;
