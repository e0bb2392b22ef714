package io.lakestill.jobs;

/** Who is measured on a test row: a model that is run, or a table that is read. */
sealed interface Examined permits Contestant, ScoreReader {

  /** What messages call it. */
  String name();
}
