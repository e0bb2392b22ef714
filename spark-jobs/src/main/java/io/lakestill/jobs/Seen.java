package io.lakestill.jobs;

/** Whether a student learned from an example. */
enum Seen {
  /** The example has signals in what was read, and all that has was used. */
  SAW("saw"),
  /** It has signals in what was read, of which not all was used. */
  MAY_HAVE_SEEN("may have seen"),
  /** It has no signals in what was read, and none is trained on without. */
  DID_NOT_SEE("did not see"),
  /** What was read is no longer there, or was never a table of signals. */
  CANNOT_TELL("cannot tell");

  private final String words;

  Seen(String words) {
    this.words = words;
  }

  String words() {
    return words;
  }
}
