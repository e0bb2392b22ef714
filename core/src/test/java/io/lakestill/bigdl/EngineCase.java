package io.lakestill.bigdl;

import io.lakestill.student.Add;
import io.lakestill.student.AveragePooling;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Convolution;
import io.lakestill.student.Dropout;
import io.lakestill.student.Flatten;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.MaxPooling;
import io.lakestill.student.RandomGraphs;
import io.lakestill.student.Relu;
import io.lakestill.student.ResNet;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * A graph that engines must agree on.
 *
 * @param isSmooth whether differences of it are its derivatives everywhere
 */
record EngineCase(String name, StudentGraph graph, boolean isSmooth) {
  private static final Shape IMAGE = Shape.image(3, 7, 9);

  /** Each layer behind a convolution, whose gradient is wrong when the layer's by its input is. */
  static Stream<EngineCase> layers() {
    return Stream.of(
        layer("convolution", new Convolution("layer", "before", 4, 3, 1, 1, true), true),
        layer("convolution, no bias", new Convolution("layer", "before", 17, 3, 1, 1, false), true),
        layer("convolution 5x5", new Convolution("layer", "before", 16, 5, 1, 2, true), true),
        layer("convolution, stride 2", new Convolution("layer", "before", 6, 3, 2, 1, true), true),
        layer(
            "convolution 1x1, stride 2",
            new Convolution("layer", "before", 6, 1, 2, 0, false),
            true),
        layer(
            "convolution, no padding", new Convolution("layer", "before", 4, 4, 1, 0, true), true),
        layer("batch normalisation", new BatchNormalisation("layer", "before", 1e-3, 0.2), true),
        layer("relu", new Relu("layer", "before"), false),
        layer("max pooling", new MaxPooling("layer", "before", 2, 2, 0), false),
        layer("overlapping max pooling", new MaxPooling("layer", "before", 3, 2, 1), false),
        layer("average pooling", new AveragePooling("layer", "before", 3, 2, 0), true),
        layer("padded average pooling", new AveragePooling("layer", "before", 3, 2, 1), true),
        layer("sum with itself", new Add("layer", "before", "before"), true),
        layer("dropout", new Dropout("layer", "before", 0.3), true));
  }

  private static EngineCase layer(String name, Layer layer, boolean isSmooth) {
    List<Layer> layers =
        List.of(
            new Convolution("before", Layer.INPUT, 5, 3, 1, 1, true),
            layer,
            new Flatten("flat", "layer"),
            new Linear("last", "flat", 3, true));
    StudentGraph graph = new StudentGraph(IMAGE, layers, Map.of("logits", "last"));
    return new EngineCase(name, graph, isSmooth);
  }

  static Stream<EngineCase> graphs() {
    List<EngineCase> cases = new ArrayList<>();
    Shape picture = Shape.image(3, 8, 8);
    cases.add(
        new EngineCase(
            "resnet of 8 layers",
            new StudentGraph(
                picture, new ResNet(8, 1.0).layers(picture, 5), Map.of("logits", "logits")),
            false));
    cases.add(new EngineCase("values with many readers", manyReaders(), false));
    cases.add(new EngineCase("sums only", sums(), true));
    LongStream.rangeClosed(1, 8)
        .forEach(
            seed ->
                cases.add(new EngineCase("random, seed " + seed, RandomGraphs.draw(seed), false)));
    return cases.stream();
  }

  /** Outputs that inner layers read, too. */
  private static StudentGraph manyReaders() {
    return new StudentGraph(
        IMAGE,
        List.of(
            new Convolution("a", Layer.INPUT, 16, 3, 1, 1, true),
            new Relu("b", "a"),
            new Convolution("c", "b", 16, 3, 1, 1, true),
            new Add("d", "a", "c"),
            new BatchNormalisation("e", "d", 1e-5, 0.1),
            new Add("ae", "a", "e"),
            new Add("f", "ae", "d"),
            new GlobalAveragePooling("pool", "f"),
            new Linear("last", "pool", 4, true)),
        Map.of("logits", "last", "embedding", "pool", "map_a", "a", "map_d", "d"));
  }

  /** Where nobody has a gradient of his own into which others could be added. */
  private static StudentGraph sums() {
    return new StudentGraph(
        IMAGE,
        List.of(
            new Convolution("x", Layer.INPUT, 8, 3, 1, 1, true),
            new Convolution("y", Layer.INPUT, 8, 1, 1, 0, true),
            new Convolution("z", Layer.INPUT, 8, 5, 1, 2, false),
            new Add("xy", "x", "y"),
            new Add("xz", "x", "z"),
            new Add("all", "xy", "xz"),
            new Flatten("flat", "all"),
            new Linear("last", "flat", 3, true)),
        Map.of("logits", "last"));
  }

  @Override
  public String toString() {
    return name;
  }
}
