package io.lakestill.jobs;

import io.lakestill.io.Meter;

/** Shows how far one pass of a teacher is to Spark's metric system, and tells whoever listens. */
final class TeachMeters implements ProgressListener {
  private final ProgressListener listener;
  private long counted;

  TeachMeters(ProgressListener listener) {
    this.listener = listener;
  }

  @Override
  public synchronized void progressed(Progress progress) {
    Meter.TEACH_ROWS.add(progress.done() - counted);
    Meter.TEACH_ROWS_PER_SECOND.set(progress.rowsPerSecond());
    counted = progress.done();
    listener.progressed(progress);
  }

  @Override
  public void checked(TeacherCheck.Finding finding) {
    listener.checked(finding);
  }
}
