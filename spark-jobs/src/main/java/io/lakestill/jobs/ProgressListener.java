package io.lakestill.jobs;

/** Hears how far a stage is, about every two seconds, on a thread of its own. */
public interface ProgressListener {
  void progressed(Progress progress);
}
