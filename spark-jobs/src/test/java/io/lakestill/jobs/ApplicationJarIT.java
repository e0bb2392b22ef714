package io.lakestill.jobs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the one jar that goes to a cluster holds, and what it must leave to the cluster. */
class ApplicationJarIT {
  private static final File FILE = new File(System.getProperty("lakestill.application.jar"));
  private static final long CEILING_BYTES = 50L * 1024 * 1024;

  /** A library of ours under its own name, in a class that should know only the relocated one. */
  private static final Pattern NOT_RELOCATED =
      Pattern.compile(
          "(?<!io/lakestill/shaded/)"
              + "(com/google/protobuf/|com/typesafe/config/|org/tribuo/|com/oracle/labs/"
              + "|ai/onnx/proto/|picocli/CommandLine)");

  private static JarFile jar;
  private static List<String> names;

  @BeforeAll
  static void open() throws IOException {
    jar = new JarFile(FILE);
    names = jar.stream().filter(entry -> !entry.isDirectory()).map(ZipEntry::getName).toList();
  }

  @AfterAll
  static void close() throws IOException {
    jar.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org/apache/spark/",
        "org/apache/hadoop/",
        "org/apache/log4j/",
        "org/apache/logging/",
        "org/slf4j/",
        "scala/",
        "com/fasterxml/jackson/",
        "com/google/common/",
        "com/intel/analytics/",
        "io/netty/"
      })
  void leavesToTheClusterWhatTheClusterBrings(String folder) {
    assertThat(names).noneMatch(name -> name.startsWith(folder));
  }

  @Test
  void holdsNoClassBesideOursAndOnnxRuntime() {
    assertThat(classes())
        .allMatch(name -> name.startsWith("io/lakestill/") || name.startsWith("ai/onnxruntime/"));
  }

  @Test
  void mentionsBundledLibrariesByTheirRelocatedNames() {
    Map<String, String> ours =
        classes().stream()
            .filter(name -> name.startsWith("io/lakestill/"))
            .collect(toMap(name -> name, ApplicationJarIT::constants));
    assertThat(ours).isNotEmpty();
    assertThat(ours)
        .allSatisfy(
            (name, constants) -> assertThat(constants).doesNotContainPattern(NOT_RELOCATED));
  }

  @Test
  void startsAtTheCommandLine() throws IOException {
    Attributes manifest = jar.getManifest().getMainAttributes();
    assertThat(jar.getEntry("io/lakestill/jobs/Lakestill.class")).isNotNull();
    assertThat(manifest.getValue("Main-Class")).isEqualTo("io.lakestill.jobs.Lakestill");
    assertThat(manifest.getValue("Implementation-Version"))
        .isNotBlank()
        .satisfies(version -> assertThat(FILE).hasName("lakestill-" + version + ".jar"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"linux-x64", "linux-aarch64"})
  void bringsTheNativesOf(String platform) {
    String folder = "ai/onnxruntime/native/" + platform;
    assertThat(jar.getEntry(folder + "/libonnxruntime.so")).isNotNull();
    assertThat(jar.getEntry(folder + "/libonnxruntime4j_jni.so")).isNotNull();
  }

  @Test
  void leavesOutWindowsAndDebugSymbols() {
    assertThat(names).noneMatch(name -> name.contains("/win-") || name.contains(".dSYM/"));
  }

  @Test
  void namesEveryEntryOnce() {
    assertThat(names).doesNotHaveDuplicates();
  }

  @Test
  void carriesLicencesAndNoForeignSignature() {
    assertThat(jar.getEntry("META-INF/LICENSE")).isNotNull();
    assertThat(jar.getEntry("META-INF/DEPENDENCIES.md")).isNotNull();
    assertThat(names)
        .noneMatch(name -> name.matches("META-INF/[^/]*\\.(SF|DSA|RSA)"))
        .noneMatch(name -> name.endsWith("module-info.class"));
  }

  @Test
  void staysSmall() {
    assertThat(FILE).size().isLessThan(CEILING_BYTES);
  }

  /** Generated protobuf code finds its own accessors by reflection when it is first touched. */
  @Test
  void relocatedOnnxMessagesStillWork() throws Exception {
    URL[] alone = {FILE.toURI().toURL()};
    try (URLClassLoader loader = new URLClassLoader(alone, ClassLoader.getPlatformClassLoader())) {
      Class<?> model =
          Class.forName("io.lakestill.shaded.ai.onnx.proto.OnnxMl$ModelProto", true, loader);
      Object builder = model.getMethod("newBuilder").invoke(null);
      builder.getClass().getMethod("setProducerName", String.class).invoke(builder, "lakestill");
      Object message = builder.getClass().getMethod("build").invoke(builder);
      assertThat(message.toString()).contains("producer_name: \"lakestill\"");
    }
  }

  private static List<String> classes() {
    return names.stream().filter(name -> name.endsWith(".class")).toList();
  }

  private static String constants(String name) {
    try (InputStream in = jar.getInputStream(jar.getEntry(name))) {
      return new String(in.readAllBytes(), ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
