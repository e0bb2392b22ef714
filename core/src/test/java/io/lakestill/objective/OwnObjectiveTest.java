package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.objective.golden.GoldenCheck;
import io.lakestill.objective.golden.GoldenFile;
import io.lakestill.objective.golden.GoldenOutcome;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a user brings an objective: a class, a line in a service file, a jar on the class path. */
class OwnObjectiveTest {
  private static final String SOURCE =
      """
      package com.example;

      import io.lakestill.objective.*;
      import io.lakestill.recipe.Settings;
      import java.util.Optional;

      /** Half the squared length of the logits, times a factor. */
      public final class LogitPenalty implements Objective {
        private final double factor;

        LogitPenalty(double factor) {
          this.factor = factor;
        }

        @Override
        public Requirements requires() {
          return Requirements.of("student.logits");
        }

        @Override
        public double evaluate(Batch batch, Gradients gradients) {
          Tensor logits = batch.finite("student.logits");
          float[] gradient = gradients.of("student.logits").data();
          double sum = 0;
          for (int i = 0; i < logits.size(); i++) {
            sum += 0.5 * factor * logits.at(i) * logits.at(i);
            gradient[i] += (float) (factor * logits.at(i));
          }
          return sum;
        }

        public static final class Type implements ObjectiveType {
          @Override
          public String name() {
            return "logit-penalty";
          }

          @Override
          public Optional<Objective> create(Settings options) {
            double factor = options.number("factor");
            return options.build(() -> new LogitPenalty(factor));
          }
        }
      }
      """;

  private static final String CASE =
      """
      {"objective": "logit_penalty", "cases": [{"name": "own", "params": {"factor": 2.0},
        "inputs": {"student.logits": {"shape": [1, 2], "data": [3.0, -1.0]}},
        "expected": {"loss": 10.0, "grad": {"student.logits": [6.0, -2.0]}}}]}
      """;

  @Test
  void anObjectiveInAnyJarIsFoundAndChecked(@TempDir Path folder) throws IOException {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {jar(folder).toUri().toURL()}, before)) {
      Thread.currentThread().setContextClassLoader(loader);
      Objectives objectives = new Objectives();
      assertThat(objectives.names()).contains("logit-penalty", "kd-kl");
      GoldenOutcome outcome =
          new GoldenCheck(objectives).run(GoldenFile.read(CASE, "own.json").get(0));
      assertThat(outcome.passed()).as(outcome.line()).isTrue();
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static Path jar(Path folder) throws IOException {
    Path source = folder.resolve("LogitPenalty.java");
    Files.writeString(source, SOURCE);
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                folder.toString(),
                source.toString());
    assertThat(status).isZero();
    Path jar = folder.resolve("own.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (String name : new String[] {"LogitPenalty", "LogitPenalty$Type"}) {
        out.putNextEntry(new JarEntry("com/example/" + name + ".class"));
        out.write(Files.readAllBytes(folder.resolve("com/example/" + name + ".class")));
      }
      out.putNextEntry(new JarEntry("META-INF/services/" + ObjectiveType.class.getName()));
      out.write(
          "com.example.LogitPenalty$Type\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
    return jar;
  }
}
