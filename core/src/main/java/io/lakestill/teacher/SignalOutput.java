package io.lakestill.teacher;

import java.io.Serializable;

/**
 * A signal and the output that gives it.
 *
 * @param signal {@code logits}, {@code embedding} or {@code map_<layer>}
 * @param tensor the name of the model's output
 * @param width values per row
 */
public record SignalOutput(String signal, String tensor, int width) implements Serializable {}
