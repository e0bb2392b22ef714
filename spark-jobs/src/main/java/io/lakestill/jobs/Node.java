package io.lakestill.jobs;

import com.sun.management.OperatingSystemMXBean;
import io.lakestill.bigdl.MklLibrary;
import io.lakestill.report.Machine;
import io.lakestill.teacher.OnnxLibrary;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;

/**
 * What a training finds on one of its nodes.
 *
 * @param executor Spark's name of it
 * @param host its machine
 * @param processor of that machine
 * @param system such as {@code Linux amd64}
 * @param java the version
 * @param memoryBytes of that machine, or of the container that this is in
 * @param scratch where native libraries are unpacked
 * @param faults why native libraries cannot be loaded; none when all is well
 */
record Node(
    String executor,
    String host,
    String processor,
    String system,
    String java,
    long memoryBytes,
    String scratch,
    List<String> faults)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The one that this runs on. */
  static Node here() {
    SparkEnv spark = SparkEnv.get();
    Machine machine = Machine.here();
    return new Node(
        spark.executorId(),
        spark.blockManager().blockManagerId().host(),
        machine.processor(),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        machine.java(),
        memory(),
        System.getProperty("java.io.tmpdir"),
        Stream.of(MklLibrary.fault(), OnnxLibrary.fault())
            .flatMap(fault -> fault.stream())
            .toList());
  }

  private static long memory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }
}
