package io.lakestill.student;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.io.Json;

/** The JSON of one layer: its type, its name, its inputs and its options. */
final class LayerJson {
  private final JsonNode json;
  private final String origin;

  private LayerJson(JsonNode json, String origin) {
    this.json = json;
    this.origin = origin;
  }

  /**
   * @param origin where the layer stands, for messages
   */
  static Layer read(JsonNode json, String origin) {
    try {
      return new LayerJson(json, origin).layer();
    } catch (IllegalArgumentException e) {
      throw Errors.badInput("'" + origin + "' is no sound layer: " + e.getMessage(), e);
    }
  }

  private Layer layer() {
    String type = text("type");
    String name = text("name");
    return switch (type) {
      case LayerType.CONVOLUTION ->
          new Convolution(
              name,
              text("input"),
              integer("channels"),
              integer("kernel"),
              integer("stride"),
              integer("padding"),
              flag("bias"));
      case LayerType.BATCH_NORMALISATION ->
          new BatchNormalisation(name, text("input"), number("epsilon"), number("momentum"));
      case LayerType.LINEAR -> new Linear(name, text("input"), integer("width"), flag("bias"));
      case LayerType.RELU -> new Relu(name, text("input"));
      case LayerType.MAX_POOLING ->
          new MaxPooling(
              name, text("input"), integer("kernel"), integer("stride"), integer("padding"));
      case LayerType.AVERAGE_POOLING ->
          new AveragePooling(
              name, text("input"), integer("kernel"), integer("stride"), integer("padding"));
      case LayerType.GLOBAL_AVERAGE_POOLING -> new GlobalAveragePooling(name, text("input"));
      case LayerType.ADD -> new Add(name, text("left"), text("right"));
      case LayerType.FLATTEN -> new Flatten(name, text("input"));
      case LayerType.DROPOUT -> new Dropout(name, text("input"), number("rate"));
      default ->
          throw new IllegalArgumentException(
              "unknown type '%s'; this version knows %s"
                  .formatted(type, String.join(", ", LayerType.ALL)));
    };
  }

  private String text(String field) {
    return Json.required(json, field, origin).asText();
  }

  private int integer(String field) {
    return integer(Json.required(json, field, origin), field, origin);
  }

  static int integer(JsonNode value, String field, String origin) {
    if (!value.canConvertToInt() || !value.isIntegralNumber()) {
      throw Errors.badInput(
          "'" + origin + "': '" + field + "' must be a whole number, is " + value);
    }
    return value.intValue();
  }

  private double number(String field) {
    JsonNode value = Json.required(json, field, origin);
    if (!value.isNumber()) {
      throw Errors.badInput("'" + origin + "': '" + field + "' must be a number, is " + value);
    }
    return value.doubleValue();
  }

  private boolean flag(String field) {
    JsonNode value = Json.required(json, field, origin);
    if (!value.isBoolean()) {
      throw Errors.badInput("'" + origin + "': '" + field + "' must be true or false, is " + value);
    }
    return value.booleanValue();
  }

  /** One layer to JSON. */
  static final class Writer implements Layer.Visitor<ObjectNode> {
    private static ObjectNode named(String type, Layer layer) {
      return Json.object().put("type", type).put("name", layer.name());
    }

    private static ObjectNode of(String type, Layer layer) {
      return named(type, layer).put("input", layer.inputs().get(0));
    }

    @Override
    public ObjectNode convolution(Convolution layer) {
      return of(LayerType.CONVOLUTION, layer)
          .put("channels", layer.channels())
          .put("kernel", layer.kernel())
          .put("stride", layer.stride())
          .put("padding", layer.padding())
          .put("bias", layer.bias());
    }

    @Override
    public ObjectNode batchNormalisation(BatchNormalisation layer) {
      return of(LayerType.BATCH_NORMALISATION, layer)
          .put("epsilon", layer.epsilon())
          .put("momentum", layer.momentum());
    }

    @Override
    public ObjectNode linear(Linear layer) {
      return of(LayerType.LINEAR, layer).put("width", layer.width()).put("bias", layer.bias());
    }

    @Override
    public ObjectNode relu(Relu layer) {
      return of(LayerType.RELU, layer);
    }

    @Override
    public ObjectNode maxPooling(MaxPooling layer) {
      return of(LayerType.MAX_POOLING, layer)
          .put("kernel", layer.kernel())
          .put("stride", layer.stride())
          .put("padding", layer.padding());
    }

    @Override
    public ObjectNode averagePooling(AveragePooling layer) {
      return of(LayerType.AVERAGE_POOLING, layer)
          .put("kernel", layer.kernel())
          .put("stride", layer.stride())
          .put("padding", layer.padding());
    }

    @Override
    public ObjectNode globalAveragePooling(GlobalAveragePooling layer) {
      return of(LayerType.GLOBAL_AVERAGE_POOLING, layer);
    }

    @Override
    public ObjectNode add(Add layer) {
      return named(LayerType.ADD, layer).put("left", layer.left()).put("right", layer.right());
    }

    @Override
    public ObjectNode flatten(Flatten layer) {
      return of(LayerType.FLATTEN, layer);
    }

    @Override
    public ObjectNode dropout(Dropout layer) {
      return of(LayerType.DROPOUT, layer).put("rate", layer.rate());
    }
  }
}
