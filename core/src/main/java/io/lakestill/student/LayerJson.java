package io.lakestill.student;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;

/** The JSON of one layer: its type, its name, its inputs and its options. */
final class LayerJson {
  private LayerJson() {}

  static Layer read(JsonFields json) {
    String type = json.text("type");
    String name = json.text("name");
    return switch (type) {
      case LayerType.CONVOLUTION ->
          new Convolution(
              name,
              json.text("input"),
              json.integer("channels"),
              json.integer("kernel"),
              json.integer("stride"),
              json.integer("padding"),
              json.flag("bias"));
      case LayerType.BATCH_NORMALISATION ->
          new BatchNormalisation(
              name, json.text("input"), json.number("epsilon"), json.number("momentum"));
      case LayerType.LINEAR ->
          new Linear(name, json.text("input"), json.integer("width"), json.flag("bias"));
      case LayerType.RELU -> new Relu(name, json.text("input"));
      case LayerType.MAX_POOLING ->
          new MaxPooling(
              name,
              json.text("input"),
              json.integer("kernel"),
              json.integer("stride"),
              json.integer("padding"));
      case LayerType.AVERAGE_POOLING ->
          new AveragePooling(
              name,
              json.text("input"),
              json.integer("kernel"),
              json.integer("stride"),
              json.integer("padding"));
      case LayerType.GLOBAL_AVERAGE_POOLING -> new GlobalAveragePooling(name, json.text("input"));
      case LayerType.ADD -> new Add(name, json.text("left"), json.text("right"));
      case LayerType.FLATTEN -> new Flatten(name, json.text("input"));
      case LayerType.DROPOUT -> new Dropout(name, json.text("input"), json.number("rate"));
      default -> throw json.refused("type", "one of " + String.join(", ", LayerType.ALL));
    };
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
