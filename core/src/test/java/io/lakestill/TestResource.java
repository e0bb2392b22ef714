package io.lakestill;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Text files beside the tests, and the schemas of the application. */
public final class TestResource {
  private TestResource() {}

  /**
   * @param path from the root of the class path, such as {@code /golden/objectives/crd.json}
   */
  public static String text(String path) {
    try (InputStream in = TestResource.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalArgumentException("There is no resource " + path);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(path, e);
    }
  }

  public static ObjectNode json(String path) {
    return Json.parse(text(path), path);
  }
}
