/** What can go wrong, what it means for a scheduler, and how it is said to a person. */
package io.lakestill.error;
