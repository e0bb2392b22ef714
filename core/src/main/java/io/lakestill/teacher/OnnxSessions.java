package io.lakestill.teacher;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.lakestill.error.Errors;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * The ONNX Runtime sessions of this JVM, one per model, shared by the tasks that run at the same
 * time and by those that come later.
 *
 * <p>A session nobody uses stays until another model is opened: the tasks of a stage follow each
 * other with gaps, and loading a model can take longer than a task. There is no shutdown hook:
 * entering ONNX Runtime while the JVM exits can crash the process, and the operating system frees
 * the memory anyway.
 */
final class OnnxSessions {
  private static final Map<Key, Shared> OPEN = new HashMap<>();

  private OnnxSessions() {}

  /** Which model, and which of its inner tensors it gives beside its outputs. */
  private record Key(String sha256, List<String> inner) {}

  private static final class Shared {
    private final OrtSession session;
    private int users;

    private Shared(OrtSession session) {
      this.session = session;
    }
  }

  /**
   * The session of a model; each call is matched by one {@link #release}.
   *
   * @param inner tensors it gives beside its outputs
   */
  static OrtSession acquire(OnnxFile file, List<String> inner) {
    synchronized (OPEN) {
      Key key = new Key(file.sha256(), inner);
      Shared shared = OPEN.get(key);
      if (shared == null) {
        closeIdle();
        shared = new Shared(load(file, inner));
        OPEN.put(key, shared);
      }
      shared.users++;
      return shared.session;
    }
  }

  static void release(OnnxFile file, List<String> inner) {
    synchronized (OPEN) {
      OPEN.get(new Key(file.sha256(), inner)).users--;
    }
  }

  /** How many sessions are held, used or idle. */
  static int open() {
    synchronized (OPEN) {
      return OPEN.size();
    }
  }

  private static void closeIdle() {
    for (Iterator<Shared> all = OPEN.values().iterator(); all.hasNext(); ) {
      Shared shared = all.next();
      if (shared.users == 0) {
        all.remove();
        try {
          shared.session.close();
        } catch (OrtException e) {
          throw new IllegalStateException("An idle ONNX session could not be closed", e);
        }
      }
    }
  }

  private static OrtSession load(OnnxFile file, List<String> inner) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      // One thread, the caller's: Spark runs a task on each core, and more threads would only
      // take turns on the same cores.
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      byte[] model = inner.isEmpty() ? file.bytes() : file.withOutputs(inner);
      return OrtEnvironment.getEnvironment().createSession(model, options);
    } catch (OrtException e) {
      throw Errors.badInput(
          "ONNX Runtime cannot load '%s': %s".formatted(file.origin(), e.getMessage()), e);
    }
  }
}
