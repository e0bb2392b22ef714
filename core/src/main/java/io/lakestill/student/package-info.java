/** A model as data: layers, shapes, named outputs, and the numbers that fill them. */
package io.lakestill.student;
