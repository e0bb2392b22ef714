package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The run that holds an output folder, as its lease file says.
 *
 * @param run its id
 * @param host the machine of its driver
 * @param processes what the process number counts in: containers of one host count for themselves
 * @param pid the driver's process
 * @param since when it took the folder
 */
record LeaseHolder(String run, String host, String processes, long pid, Instant since) {
  private static final Path PROCESSES = Path.of("/proc/self/ns/pid");

  /** This process, from now on. */
  static LeaseHolder here(String run) {
    return new LeaseHolder(
        run,
        hostName(),
        processNamespace(),
        ProcessHandle.current().pid(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS));
  }

  /** True when its process lived on this machine and does no longer. */
  boolean isDead() {
    if (!host.equals(hostName()) || !processes.equals(processNamespace())) {
      return false;
    }
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty();
  }

  String toJson() {
    ObjectNode json = Json.object();
    json.put("run", run).put("host", host).put("processes", processes).put("pid", pid);
    return Json.pretty(json.put("since", since.toString()));
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when that is no lease
   */
  static LeaseHolder fromJson(String text, String origin) {
    JsonFields fields = JsonFields.of(Json.parse(text, origin), origin);
    return new LeaseHolder(
        fields.text("run"),
        fields.text("host"),
        fields.text("processes"),
        fields.whole("pid"),
        fields.instant("since"));
  }

  @Override
  public String toString() {
    return "run %s (process %d on %s, since %s)".formatted(run, pid, host, since);
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  private static String processNamespace() {
    try {
      return Files.readSymbolicLink(PROCESSES).toString();
    } catch (IOException | UnsupportedOperationException e) {
      return "host"; // Only Linux has them.
    }
  }
}
