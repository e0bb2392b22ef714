package io.lakestill.student;

import java.util.ArrayList;
import java.util.List;

/**
 * A small convolutional network after LeNet (LeCun et al., 1998), with ReLUs and 2x2 max pooling:
 * {@code (convolution, ReLU, pooling) x n, flatten, (linear, ReLU) x m, linear}. Convolutions keep
 * height and width. The embedding is the last hidden activation, or the flattened image when there
 * is no hidden layer.
 *
 * <p>Layers: {@code block1.convolution}, {@code block1.relu}, {@code block1.pooling}, ..., {@code
 * flatten}, {@code linear1}, {@code relu1}, ..., {@code logits}.
 *
 * @param channels the channels of each convolution, at least one
 * @param kernel height and width of the convolutions, odd
 * @param hidden the widths of the hidden layers; may be empty
 */
public record LeNet(List<Integer> channels, int kernel, List<Integer> hidden)
    implements Architecture {
  private static final int POOL = 2;

  public LeNet {
    channels = List.copyOf(channels);
    hidden = List.copyOf(hidden);
    if (channels.isEmpty() || channels.stream().anyMatch(count -> count < 1)) {
      throw new IllegalArgumentException(
          "channels must be one or more numbers of at least 1, is " + channels);
    }
    if (kernel < 1 || kernel % 2 == 0) {
      throw new IllegalArgumentException(
          "kernel must be odd, so that a convolution keeps height and width, is " + kernel);
    }
    if (hidden.stream().anyMatch(width -> width < 1)) {
      throw new IllegalArgumentException("hidden must hold widths of at least 1, is " + hidden);
    }
  }

  @Override
  public List<Layer> layers(Shape input, int classes) {
    checkInput(input);
    List<Layer> layers = new ArrayList<>();
    String last = Layer.INPUT;
    for (int i = 0; i < channels.size(); i++) {
      String block = "block" + (i + 1);
      layers.add(
          new Convolution(
              block + ".convolution", last, channels.get(i), kernel, 1, kernel / 2, true));
      layers.add(new Relu(block + ".relu", block + ".convolution"));
      last = block + ".pooling";
      layers.add(new MaxPooling(last, block + ".relu", POOL, POOL, 0));
    }
    layers.add(new Flatten("flatten", last));
    last = Heads.hidden(layers, "flatten", hidden);
    layers.add(new Linear(StudentGraph.LOGITS, last, classes, true));
    return layers;
  }

  private void checkInput(Shape input) {
    LayerRules.needsImage("lenet", input);
    int smallest = Math.min(input.sizes().get(1), input.sizes().get(2));
    int blocks = 31 - Integer.numberOfLeadingZeros(smallest);
    if (channels.size() > blocks) {
      throw new IllegalArgumentException(
          "channels name %d blocks, each halves the image; an image of %s allows at most %d"
              .formatted(channels.size(), input, blocks));
    }
  }

  @Override
  public String embedding() {
    return hidden.isEmpty() ? "flatten" : "relu" + hidden.size();
  }
}
