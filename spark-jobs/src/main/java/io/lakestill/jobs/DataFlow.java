package io.lakestill.jobs;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a stage made of what: an edge of the graph that a data catalogue draws.
 *
 * @param stage such as {@code teach.digits-cnn}; the same from run to run
 * @param inputs tables, folders and files that it read
 * @param output the folder that it wrote
 * @param version of that, where it has versions
 * @param rows in it, where it has rows
 */
record DataFlow(
    String stage, List<String> inputs, String output, Optional<String> version, OptionalLong rows) {
  DataFlow {
    inputs = List.copyOf(inputs);
  }

  /** Of something that has neither versions nor rows. */
  DataFlow(String stage, List<String> inputs, String output) {
    this(stage, inputs, output, Optional.empty(), OptionalLong.empty());
  }
}
