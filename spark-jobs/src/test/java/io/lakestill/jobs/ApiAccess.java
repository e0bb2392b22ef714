package io.lakestill.jobs;

import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one request asks of an API server, in the words of Kubernetes' roles.
 *
 * @param verb such as {@code list} or {@code deletecollection}
 * @param group empty for the core group
 * @param resource such as {@code pods} or {@code pods/status}
 */
record ApiAccess(String verb, String group, String resource) {
  private static final Pattern PATH =
      Pattern.compile(
          "/(?:api/v1|apis/(?<group>[^/]+)/[^/]+)/namespaces/[^/]+/(?<resource>[^/]+)"
              + "(?:/(?<name>[^/]+)(?<below>/[^/]+)?)?");

  /**
   * @param path with its query
   */
  static ApiAccess of(String method, String path) {
    String[] parts = path.split("\\?", 2);
    Matcher matcher = PATH.matcher(parts[0]);
    if (!matcher.matches()) {
      return new ApiAccess(method, "", parts[0]);
    }
    boolean named = matcher.group("name") != null;
    boolean watches = parts.length > 1 && parts[1].contains("watch=true");
    String verb =
        switch (method) {
          case "GET" -> watches ? "watch" : named ? "get" : "list";
          case "POST" -> "create";
          case "PUT" -> "update";
          case "PATCH" -> "patch";
          case "DELETE" -> named ? "delete" : "deletecollection";
          default -> method;
        };
    String group = matcher.group("group") == null ? "" : matcher.group("group");
    String below = matcher.group("below") == null ? "" : matcher.group("below");
    return new ApiAccess(verb, group, matcher.group("resource") + below);
  }

  boolean isAllowedBy(Role role) {
    return role.getRules().stream().anyMatch(this::isAllowedBy);
  }

  private boolean isAllowedBy(PolicyRule rule) {
    return has(rule.getApiGroups(), group)
        && has(rule.getResources(), resource)
        && has(rule.getVerbs(), verb);
  }

  private static boolean has(List<String> given, String asked) {
    return given.contains(asked) || given.contains("*");
  }

  @Override
  public String toString() {
    return verb + " " + resource + (group.isEmpty() ? "" : "." + group);
  }
}
