/** The recipe: one HOCON file that says everything, read into validated records. */
package io.lakestill.recipe;
