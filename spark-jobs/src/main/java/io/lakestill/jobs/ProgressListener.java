package io.lakestill.jobs;

/** Hears how far a stage is, about every two seconds, on a thread of its own. */
public interface ProgressListener {
  void progressed(Progress progress);

  /** Hears what a check of a teacher found, on the thread of the stage. */
  default void checked(TeacherCheck.Finding finding) {}
}
