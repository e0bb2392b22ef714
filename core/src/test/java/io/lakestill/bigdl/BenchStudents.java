package io.lakestill.bigdl;

import io.lakestill.student.Convolution;
import io.lakestill.student.Flatten;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.MaxPooling;
import io.lakestill.student.Relu;
import io.lakestill.student.ResNet;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.List;
import java.util.Map;

/** The three students that speed is measured on, for ten classes. */
final class BenchStudents {
  private BenchStudents() {}

  static StudentGraph of(String architecture) {
    return switch (architecture) {
      case "mlp" -> mlp();
      case "cnn" -> cnn();
      case "resnet20" -> resnet20();
      default -> throw new IllegalArgumentException("no architecture " + architecture);
    };
  }

  private static StudentGraph mlp() {
    return new StudentGraph(
        Shape.image(1, 28, 28),
        List.of(
            new Flatten("flat", Layer.INPUT),
            new Linear("hidden1", "flat", 512, true),
            new Relu("relu1", "hidden1"),
            new Linear("hidden2", "relu1", 512, true),
            new Relu("relu2", "hidden2"),
            new Linear("classes", "relu2", 10, true)),
        Map.of("logits", "classes"));
  }

  private static StudentGraph cnn() {
    return new StudentGraph(
        Shape.image(1, 28, 28),
        List.of(
            new Convolution("conv1", Layer.INPUT, 32, 5, 1, 2, true),
            new Relu("relu1", "conv1"),
            new MaxPooling("pool1", "relu1", 2, 2, 0),
            new Convolution("conv2", "pool1", 64, 5, 1, 2, true),
            new Relu("relu2", "conv2"),
            new MaxPooling("pool2", "relu2", 2, 2, 0),
            new Flatten("flat", "pool2"),
            new Linear("hidden", "flat", 128, true),
            new Relu("relu3", "hidden"),
            new Linear("classes", "relu3", 10, true)),
        Map.of("logits", "classes"));
  }

  private static StudentGraph resnet20() {
    Shape input = Shape.image(3, 32, 32);
    return new StudentGraph(
        input, new ResNet(20, 1.0).layers(input, 10), Map.of("logits", "logits"));
  }
}
