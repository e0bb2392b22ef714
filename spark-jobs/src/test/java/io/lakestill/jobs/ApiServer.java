package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.lakestill.io.Json;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import okhttp3.mockwebserver.MockResponse;
import okhttp3.mockwebserver.MockWebServer;
import okhttp3.mockwebserver.RecordedRequest;
import okio.Buffer;

/**
 * fabric8's mock of an API server of Kubernetes, which keeps what it is given and tells watchers of
 * it, listening on this machine only. It lacks what Spark and we need: server-side apply, the first
 * and the last state of a pod, and roles. A caller that shows a token that a role was given for is
 * refused what the role does not allow; any other caller may do everything.
 */
final class ApiServer implements AutoCloseable {
  /** Says every request. */
  private static final Logger REQUESTS = Logger.getLogger(MockWebServer.class.getName());

  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;

  private final KubernetesMockServer server;
  private final Roles dispatcher;

  private ApiServer(KubernetesMockServer server, Roles dispatcher) {
    this.server = server;
    this.dispatcher = dispatcher;
  }

  /**
   * @param roles of each token
   */
  static ApiServer start(Map<String, Role> roles) throws UnknownHostException {
    REQUESTS.setLevel(Level.WARNING);
    Roles dispatcher = new Roles(roles);
    KubernetesMockServer server =
        new KubernetesMockServer(
            new Context(), new MockWebServer(), new HashMap<>(), dispatcher, false);
    server.init(InetAddress.getByName("127.0.0.1"), 0);
    return new ApiServer(server, dispatcher);
  }

  int port() {
    return server.getPort();
  }

  String url() {
    return "http://127.0.0.1:" + port();
  }

  /** A client that may do everything. */
  KubernetesClient client(String namespace) {
    Config config =
        new ConfigBuilder(Config.empty()).withMasterUrl(url()).withNamespace(namespace).build();
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  /** What callers with this token asked for. */
  Set<ApiAccess> asked(String token) {
    return dispatcher.asked.getOrDefault(token, Set.of());
  }

  /** What callers were refused, by their token. */
  Map<String, Set<ApiAccess>> refused() {
    return dispatcher.refused;
  }

  /** What each asked for. */
  String log() {
    return dispatcher.asked.entrySet().stream()
        .map(
            entry ->
                "%n%s asked: %s; was refused: %s"
                    .formatted(
                        entry.getKey(),
                        new TreeSet<>(entry.getValue().stream().map(ApiAccess::toString).toList()),
                        dispatcher.refused.getOrDefault(entry.getKey(), Set.of())))
        .collect(Collectors.joining());
  }

  @Override
  public void close() {
    server.destroy();
  }

  private static final class Roles extends KubernetesCrudDispatcher {
    private static final String APPLY = "application/apply-patch+yaml";

    private final Map<String, Role> roles;
    private final Map<String, Set<ApiAccess>> asked = new ConcurrentSkipListMap<>();
    private final Map<String, Set<ApiAccess>> refused = new ConcurrentSkipListMap<>();

    Roles(Map<String, Role> roles) {
      this.roles = Map.copyOf(roles);
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
      String header = request.getHeader("Authorization");
      String token = header == null ? "nobody" : header.replace("Bearer ", "");
      ApiAccess access = ApiAccess.of(request.getMethod(), request.getPath());
      note(asked, token, access);
      Role role = roles.get(token);
      if (role == null || access.isAllowedBy(role)) {
        return super.dispatch(request);
      }
      note(refused, token, access);
      return new MockResponse()
          .setResponseCode(FORBIDDEN)
          .setBody(
              Serialization.asJson(
                  new StatusBuilder()
                      .withStatus("Failure")
                      .withReason("Forbidden")
                      .withMessage("role %s: no %s".formatted(role.getMetadata().getName(), access))
                      .withCode(FORBIDDEN)
                      .build()));
    }

    private static void note(Map<String, Set<ApiAccess>> into, String token, ApiAccess access) {
      into.computeIfAbsent(token, key -> ConcurrentHashMap.newKeySet()).add(access);
    }

    /**
     * A pod that nobody has looked at is pending. One that is deleted stays, marked, for as long as
     * a finalizer of {@link PodAgent} says, in the place of the grace that kubelets take.
     */
    @Override
    public MockResponse handleCreate(RecordedRequest request) {
      String line = "POST " + request.getPath();
      ObjectNode created = Json.parse(request.getBody().readUtf8(), line);
      if (created.path("kind").asText().equals("Pod")) {
        created.putObject("status").put("phase", "Pending");
        created.withObject("/metadata").putArray("finalizers").add(PodAgent.FINALIZER);
      }
      Buffer body = new Buffer().writeUtf8(created.toString());
      return super.handleCreate(like(request, line, "application/json", body));
    }

    /** Applying creates what is not there, and merges into what is. */
    @Override
    public MockResponse handlePatch(RecordedRequest request) {
      String type = request.getHeader("Content-Type");
      if (type == null || !type.startsWith(APPLY)) {
        return super.handlePatch(request);
      }
      String path = request.getPath().replaceAll("\\?.*", "");
      if (statusOf(super.handleGet(path)) == NOT_FOUND) {
        String all = path.substring(0, path.lastIndexOf('/'));
        return handleCreate(like(request, "POST " + all, "application/json", request.getBody()));
      }
      String merge = "application/merge-patch+json";
      return super.handlePatch(like(request, "PATCH " + path, merge, request.getBody()));
    }

    private static int statusOf(MockResponse response) {
      return Integer.parseInt(response.getStatus().split(" ", 3)[1]);
    }

    private static RecordedRequest like(
        RecordedRequest request, String line, String type, Buffer body) {
      return new RecordedRequest(
          line + " HTTP/1.1",
          request.getHeaders().newBuilder().set("Content-Type", type).build(),
          List.of(),
          body.size(),
          body,
          request.getSequenceNumber(),
          new Socket());
    }
  }
}
