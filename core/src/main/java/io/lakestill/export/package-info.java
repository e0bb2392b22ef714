/** A trained model leaves: ONNX, checked against its training engine, in a bundle that says all. */
package io.lakestill.export;
