package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The lease of a run whose process is gone from this machine. */
final class DeadLease {
  private DeadLease() {}

  /** Leaves it for a date of a signal table. */
  static void leave(Path table, String date) throws IOException, InterruptedException {
    Process gone = new ProcessBuilder("true").start();
    assertThat(gone.waitFor(10, TimeUnit.SECONDS)).isTrue();
    LeaseHolder here = LeaseHolder.here("dead");
    Files.writeString(
        table.resolve("_lakestill/leases/dt=" + date),
        new LeaseHolder("dead", here.host(), here.processes(), gone.pid(), here.since()).toJson());
  }
}
