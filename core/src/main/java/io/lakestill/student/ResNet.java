package io.lakestill.student;

import java.util.ArrayList;
import java.util.List;

/**
 * A residual network in CIFAR style (He et al., 2016, section 4.2): a 3x3 convolution, three stages
 * of {@code n} basic blocks with 16, 32 and 64 channels times {@code width}, global average pooling
 * (the embedding) and a linear layer; {@code depth = 6n + 2}. The second and third stage halve
 * height and width.
 *
 * <p>Where a stage changes the shape, the shortcut is a projection: a 1x1 convolution and batch
 * normalisation (option B of section 3.3). The paper's CIFAR figures use option A, zero-padded
 * identities, which have no ONNX node of their own; on 3x32x32 with 10 classes that makes 272,474
 * parameters at depth 20 instead of 269,722.
 *
 * <p>Layers: {@code stem.convolution}, {@code stem.normalisation}, {@code stem.relu}; for stage
 * {@code s} and block {@code b} {@code stage<s>.block<b>.convolution1}, {@code .normalisation1},
 * {@code .relu1}, {@code .convolution2}, {@code .normalisation2}, {@code .shortcut.convolution},
 * {@code .shortcut.normalisation}, {@code .add}, {@code .relu2}; {@code pooling}, {@code logits}.
 *
 * @param depth the number of layers with weights along the main path: 8, 14, 20, ...
 * @param width what the channels are multiplied by; {@code 16 * width} must be whole
 */
public record ResNet(int depth, double width) implements Architecture {
  private static final int STAGES = 3;
  private static final int CHANNELS = 16;

  // Part of the architecture: the figures all public models of the family are trained with.
  private static final double EPSILON = 1e-5;
  private static final double MOMENTUM = 0.1;

  public ResNet {
    if (depth < 8 || depth % 6 != 2) {
      throw new IllegalArgumentException(
          "depth must be 6n + 2 with n of at least 1 (8, 14, 20, ...), is " + depth);
    }
    double first = CHANNELS * width;
    if (!(first >= 1 && first <= 1 << 20) || first != Math.rint(first)) {
      throw new IllegalArgumentException(
          "width must make 16 * width a whole number from 1 to 1048576, is " + width);
    }
  }

  @Override
  public List<Layer> layers(Shape input, int classes) {
    LayerRules.needsImage("resnet", input);
    List<Layer> layers = new ArrayList<>();
    int channels = (int) (CHANNELS * width);
    convolve(layers, "stem.", "", Layer.INPUT, channels, 3, 1);
    String last = "stem.relu";
    layers.add(new Relu(last, "stem.normalisation"));
    for (int stage = 1; stage <= STAGES; stage++) {
      for (int block = 1; block <= (depth - 2) / 6; block++) {
        String name = "stage" + stage + ".block" + block + ".";
        boolean halves = stage > 1 && block == 1;
        last = block(layers, name, last, channels << (stage - 1), halves ? 2 : 1);
      }
    }
    layers.add(new GlobalAveragePooling(embedding(), last));
    layers.add(new Linear(StudentGraph.LOGITS, embedding(), classes, true));
    return layers;
  }

  /** Appends one basic block; a stride of 2 comes with a projection shortcut. */
  private static String block(
      List<Layer> layers, String name, String input, int channels, int stride) {
    convolve(layers, name, "1", input, channels, 3, stride);
    layers.add(new Relu(name + "relu1", name + "normalisation1"));
    convolve(layers, name, "2", name + "relu1", channels, 3, 1);
    String shortcut = input;
    if (stride > 1) {
      convolve(layers, name + "shortcut.", "", input, channels, 1, stride);
      shortcut = name + "shortcut.normalisation";
    }
    layers.add(new Add(name + "add", name + "normalisation2", shortcut));
    layers.add(new Relu(name + "relu2", name + "add"));
    return name + "relu2";
  }

  /** Appends a convolution without bias, which the normalisation after it would cancel. */
  private static void convolve(
      List<Layer> layers,
      String prefix,
      String suffix,
      String input,
      int channels,
      int kernel,
      int stride) {
    String convolution = prefix + "convolution" + suffix;
    layers.add(new Convolution(convolution, input, channels, kernel, stride, kernel / 2, false));
    layers.add(
        new BatchNormalisation(prefix + "normalisation" + suffix, convolution, EPSILON, MOMENTUM));
  }

  @Override
  public String embedding() {
    return "pooling";
  }
}
