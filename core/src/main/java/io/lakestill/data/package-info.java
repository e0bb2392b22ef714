/** From a raw cell of a lake table to the numbers a model sees. */
package io.lakestill.data;
