package io.lakestill.jobs;

import io.lakestill.bigdl.MklLibrary;
import io.lakestill.teacher.OnnxLibrary;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.Utils;

/**
 * What a JVM of Spark says of itself and its machine.
 *
 * @param executor Spark's name of it, such as {@code driver} or {@code 3}
 * @param host its machine
 * @param java version
 * @param heapBytes the most its heap may take
 * @param freeBytes on the local disk for shuffles that has least
 * @param clockMillis when it said so, by its own clock
 * @param faults what keeps it from working, each with what to do
 */
record ExaminedMachine(
    String executor,
    String host,
    String java,
    long heapBytes,
    long freeBytes,
    long clockMillis,
    List<String> faults)
    implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int JAVA = 17;

  /** The line of Jackson that Spark 3.5 was made with; its Scala module refuses others. */
  private static final String JACKSON = "2.15.";

  /**
   * This one.
   *
   * @param output a folder that runs will write to, if one was named
   */
  static ExaminedMachine here(Optional<String> output, Configuration configuration) {
    List<String> faults = new ArrayList<>();
    if (Runtime.version().feature() < JAVA) {
      faults.add(
          "runs Java %s, and %d or newer is needed; set JAVA_HOME for driver and executors"
              .formatted(Runtime.version(), JAVA));
    }
    Stream.of(OnnxLibrary.fault(), MklLibrary.fault())
        .flatMap(Optional::stream)
        .map(ExaminedMachine::notLoaded)
        .forEach(faults::add);
    String jackson = com.fasterxml.jackson.databind.cfg.PackageVersion.VERSION.toString();
    if (!jackson.startsWith(JACKSON)) {
      faults.add(
          ("finds Jackson %s before Spark's %sx; take it from --jars, --packages or the site's"
                  + " class path (spark.*.extraClassPath)")
              .formatted(jackson, JACKSON));
    }
    faults.addAll(ClassClashes.found(Thread.currentThread().getContextClassLoader()));
    output.ifPresent(folder -> writable(new Path(folder), configuration, faults));
    SparkEnv env = SparkEnv.get();
    return new ExaminedMachine(
        env.executorId(),
        hostName(),
        Runtime.version().toString(),
        Runtime.getRuntime().maxMemory(),
        Arrays.stream(Utils.getConfiguredLocalDirs(env.conf()))
            .mapToLong(folder -> new File(folder).getUsableSpace())
            .min()
            .orElse(0),
        System.currentTimeMillis(),
        List.copyOf(faults));
  }

  /** For people. */
  String name() {
    return executor.equals("driver") ? executor : "executor " + executor;
  }

  private static String notLoaded(String fault) {
    return ("cannot load %s; it needs Linux on x86-64, a folder for temporary files from which"
            + " programs may be run (java.io.tmpdir), and libgomp or libstdc++ where the message"
            + " names them")
        .formatted(fault);
  }

  /** Leaves nothing behind: a folder that is not there yet is tried where it would be made. */
  private static void writable(Path folder, Configuration configuration, List<String> faults) {
    try {
      FileSystem files = folder.getFileSystem(configuration);
      Path there = files.makeQualified(folder);
      while (!files.exists(there) && there.getParent() != null) {
        there = there.getParent();
      }
      Path probe = new Path(there, ".lakestill-doctor-" + UUID.randomUUID());
      try (OutputStream out = files.create(probe, false)) {
        out.write(1);
      }
      files.delete(probe, false);
    } catch (IOException | RuntimeException e) {
      faults.add(
          "cannot write to '%s': %s; give this user rights there, or name another folder"
              .formatted(folder, e));
    }
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
