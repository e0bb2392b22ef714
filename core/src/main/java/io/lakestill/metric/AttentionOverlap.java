package io.lakestill.metric;

/**
 * How far two classifiers look at the same places.
 *
 * <p>The class activation map is the sum over classes of the classifier applied at each location;
 * it is resized bilinearly, scaled per image to {@code (x - min)/(max - min + 1e-8)} and cut at a
 * threshold. The overlap is {@code |A and B| / |A or B|} over all pixels. Tallies of parts merge by
 * adding.
 *
 * <p>A constant map has no pixel above the threshold. Without any pixel in the union there is no
 * figure.
 *
 * <p>Source: zisci2/RethinkKD {@code calculate-IoU.py}, threshold 0.4.
 */
public final class AttentionOverlap implements java.io.Serializable {
  private static final long serialVersionUID = 1L;

  private final int height;
  private final int width;
  private final double threshold;
  private long intersection;
  private long union;

  /**
   * @param height pixels of the compared image
   * @param width pixels of the compared image
   * @param threshold what counts as looked at, after scaling to [0, 1]
   */
  public AttentionOverlap(int height, int width, double threshold) {
    this.height = height;
    this.width = width;
    this.threshold = threshold;
  }

  /** Counts one image by the activation maps of both sides, see {@link #activation}. */
  public void add(double[] a, int heightA, int widthA, double[] b, int heightB, int widthB) {
    boolean[] first = looked(a, heightA, widthA);
    boolean[] second = looked(b, heightB, widthB);
    for (int i = 0; i < first.length; i++) {
      intersection += first[i] && second[i] ? 1 : 0;
      union += first[i] || second[i] ? 1 : 0;
    }
  }

  public void merge(AttentionOverlap other) {
    intersection += other.intersection;
    union += other.union;
  }

  /** Pixels that both look at. */
  public long intersection() {
    return intersection;
  }

  /** Pixels that either looks at. */
  public long union() {
    return union;
  }

  public double overlap() {
    if (union == 0) {
      throw new IllegalStateException("neither side looks anywhere: the union is empty");
    }
    return (double) intersection / union;
  }

  /**
   * The class activation map {@code [positions]} of one image: {@code map: [channels, positions]}
   * from {@code offset}, {@code weight: [classes, channels]}, {@code bias: [classes]}.
   */
  public static double[] activation(
      float[] map, int offset, int positions, float[] weight, float[] bias) {
    int channels = weight.length / bias.length;
    double[] activation = new double[positions];
    for (int c = 0; c < bias.length; c++) {
      for (int p = 0; p < positions; p++) {
        activation[p] += bias[c];
        for (int i = 0; i < channels; i++) {
          activation[p] += (double) weight[c * channels + i] * map[offset + i * positions + p];
        }
      }
    }
    return activation;
  }

  /** The pixels above the threshold, row-major. */
  boolean[] looked(double[] map, int mapHeight, int mapWidth) {
    double[] resized = new double[height * width];
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < resized.length; i++) {
      double y = centre(i / width, height, mapHeight);
      double x = centre(i % width, width, mapWidth);
      resized[i] = interpolated(map, mapHeight, mapWidth, y, x);
      least = Math.min(least, resized[i]);
      most = Math.max(most, resized[i]);
    }
    boolean[] looked = new boolean[resized.length];
    for (int i = 0; i < looked.length; i++) {
      looked[i] = (resized[i] - least) / (most - least + 1e-8) > threshold;
    }
    return looked;
  }

  /** Where the centre of a pixel lies in the source, corners not aligned. */
  private static double centre(int pixel, int pixels, int source) {
    return Math.max(0, (pixel + 0.5) * source / pixels - 0.5);
  }

  private static double interpolated(double[] map, int height, int width, double y, double x) {
    int top = Math.min((int) y, height - 1);
    int left = Math.min((int) x, width - 1);
    int bottom = Math.min(top + 1, height - 1);
    int right = Math.min(left + 1, width - 1);
    double down = y - top;
    double across = x - left;
    double upper = map[top * width + left] * (1 - across) + map[top * width + right] * across;
    double lower = map[bottom * width + left] * (1 - across) + map[bottom * width + right] * across;
    return upper * (1 - down) + lower * down;
  }
}
