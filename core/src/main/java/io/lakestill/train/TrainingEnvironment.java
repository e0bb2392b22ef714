package io.lakestill.train;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import java.io.Serializable;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * On what a training ran, so far as the last bits of its result may depend on it: the same recipe
 * and seed give the same bits where all of this is the same.
 *
 * @param legs the shapes of the cluster, in their order; more than one where a training went on
 *     elsewhere
 * @param processors of the nodes, each once: native libraries compute by what they offer
 * @param systems of the nodes, each once, such as {@code Linux amd64}
 * @param versions of what computed, such as {@code spark}
 */
public record TrainingEnvironment(
    List<Leg> legs,
    List<String> processors,
    List<String> systems,
    SortedMap<String, String> versions) {

  /**
   * Steps on one shape.
   *
   * @param after the step before the first of them
   * @param nodes executors
   * @param cores of each
   */
  public record Leg(int after, int nodes, int cores) implements Serializable {
    private static final long serialVersionUID = 1L;

    public Leg {
      if (after < 0 || nodes < 1 || cores < 1) {
        throw new IllegalArgumentException(
            "after must not be negative, nodes and cores must be positive, are %d, %d and %d"
                .formatted(after, nodes, cores));
      }
    }

    public ObjectNode toJson() {
      return Json.object().put("after", after).put("nodes", nodes).put("cores", cores);
    }

    public static Leg fromJson(JsonFields fields) {
      return new Leg(fields.integer("after"), fields.integer("nodes"), fields.integer("cores"));
    }
  }

  public TrainingEnvironment {
    legs = List.copyOf(legs);
    processors = processors.stream().distinct().sorted().toList();
    systems = systems.stream().distinct().sorted().toList();
    versions = new TreeMap<>(versions);
    boolean ordered = legs.equals(legs.stream().sorted(Comparator.comparing(Leg::after)).toList());
    if (legs.isEmpty() || legs.get(0).after() != 0 || !ordered) {
      throw new IllegalArgumentException("legs must begin at step 0 and go on, are " + legs);
    }
  }

  public ObjectNode toJson() {
    ObjectNode json = Json.object();
    ArrayNode shapes = json.putArray("legs");
    legs.forEach(leg -> shapes.add(leg.toJson()));
    processors.forEach(json.putArray("processors")::add);
    systems.forEach(json.putArray("systems")::add);
    ObjectNode of = json.putObject("versions");
    versions.forEach(of::put);
    return json;
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when a field is missing or wrong
   */
  public static TrainingEnvironment fromJson(JsonFields fields) {
    JsonFields of = fields.object("versions");
    SortedMap<String, String> versions = new TreeMap<>();
    of.keys().forEach(name -> versions.put(name, of.text(name)));
    return fields.build(
        () ->
            new TrainingEnvironment(
                fields.objects("legs", Leg::fromJson),
                fields.texts("processors"),
                fields.texts("systems"),
                versions));
  }
}
