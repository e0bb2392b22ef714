package io.lakestill.data;

import io.lakestill.io.Sha256;
import io.lakestill.recipe.Encoding;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.Layout;
import io.lakestill.recipe.ViewSettings;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How a raw cell becomes the numbers a model sees:
 *
 * <pre>decode → channels first → × scale → view → (value − mean) / deviation</pre>
 *
 * Pure: the result depends on the cell, the sample id, the view id and the recipe, on nothing else.
 * Scaled values are rounded to float; scale and normalisation are computed in double. Immutable and
 * safe for many threads; it travels to executors by Java serialisation.
 */
public final class FeaturePipeline implements Serializable {
  private static final long serialVersionUID = 1L;

  private final Encoding encoding;
  private final Layout layout;
  private final FeatureShape shape;
  private final double scale;
  private final double[] mean;
  private final double[] deviation;
  private final List<ViewTransform> transforms;
  private final long seed;
  private final String fingerprint;

  /** What each byte means, for each channel: as a view is drawn from, and in the example itself. */
  private final float[][] scaledBytes;

  private final float[][] normalisedBytes;

  /**
   * @param features the recipe's features
   * @param transforms what a drawn view goes through
   * @param seed the seed of the draws
   */
  public FeaturePipeline(FeatureSettings features, List<ViewTransform> transforms, long seed) {
    this.encoding = features.encoding();
    this.layout = features.layout();
    this.shape = FeatureShape.of(features.shape());
    this.scale = features.scale();
    this.mean = perChannel(features.normalisation().mean(), shape.channels());
    this.deviation = perChannel(features.normalisation().deviation(), shape.channels());
    this.transforms = List.copyOf(transforms);
    this.seed = seed;
    this.fingerprint = fingerprint(features, transforms, seed);
    float[] scaled = new float[1 << Byte.SIZE];
    for (int value = 0; value < scaled.length; value++) {
      scaled[value] = (float) (value * scale);
    }
    this.scaledBytes = new float[mean.length][];
    this.normalisedBytes = new float[mean.length][];
    for (int c = 0; c < mean.length; c++) {
      scaledBytes[c] = scaled;
      normalisedBytes[c] = scaled.clone();
      normalise(c, normalisedBytes[c], 0, scaled.length);
    }
  }

  /**
   * The pipeline of a recipe; faults of its transforms go into the problems of the recipe.
   *
   * @return the pipeline, or empty when a transform was refused
   */
  public static Optional<FeaturePipeline> read(FeatureSettings features, ViewSettings views) {
    return ViewTransform.read(views, features.shape())
        .map(transforms -> new FeaturePipeline(features, transforms, views.seed()));
  }

  private static double[] perChannel(List<Double> values, int channels) {
    double[] result = new double[channels];
    for (int c = 0; c < channels; c++) {
      result[c] = values.get(values.size() == 1 ? 0 : c);
    }
    return result;
  }

  private static String fingerprint(
      FeatureSettings features, List<ViewTransform> transforms, long seed) {
    String views =
        transforms.isEmpty()
            ? "identity"
            : transforms.stream().map(ViewTransform::canonical).collect(Collectors.joining(","))
                + seed;
    return Sha256.of(
        String.join(
            "\n",
            "lakestill features 1",
            features.columns().toString(),
            features.encoding().name(),
            features.layout().name(),
            features.shape().toString(),
            Double.toString(features.scale()),
            features.normalisation().mean().toString(),
            features.normalisation().deviation().toString(),
            views));
  }

  /** The number of values of one example. */
  public int width() {
    return shape.values();
  }

  public FeatureShape shape() {
    return shape;
  }

  /**
   * SHA-256 over everything that changes the numbers: columns, encoding, layout, shape, scale,
   * normalisation, transforms and their seed.
   */
  public String fingerprint() {
    return fingerprint;
  }

  /**
   * Computes the features of one view of one example.
   *
   * @param raw the cell
   * @param sampleId the key of the example, which the draws of a view depend on
   * @param viewId 0 for the example itself
   * @param out receives {@link #width()} values from {@code offset} on, channels first; what they
   *     are after an exception is undefined
   * @param offset where to write
   * @throws BadFeaturesException when the cell has another width, is an image that cannot be used,
   *     or holds a value that is not finite
   */
  public void features(RawFeatures raw, String sampleId, int viewId, float[] out, int offset)
      throws BadFeaturesException {
    if (viewId == 0 && encoding == Encoding.UINT8 && raw instanceof RawFeatures.Bytes bytes) {
      decodeBytes(bytes.values(), normalisedBytes, out, offset);
      return;
    }
    decode(raw, out, offset);
    if (viewId != 0) {
      ViewRandom random = new ViewRandom(sampleId, viewId, seed);
      for (ViewTransform transform : transforms) {
        transform.apply(out, offset, shape, random);
      }
    }
    int plane = shape.plane();
    for (int c = 0; c < mean.length; c++) {
      normalise(c, out, offset + c * plane, plane);
    }
  }

  private void decode(RawFeatures raw, float[] out, int offset) throws BadFeaturesException {
    if (encoding == Encoding.FLOAT && raw instanceof RawFeatures.Floats floats) {
      decodeFloats(floats.values(), out, offset);
    } else if (encoding == Encoding.UINT8 && raw instanceof RawFeatures.Bytes bytes) {
      decodeBytes(bytes.values(), scaledBytes, out, offset);
    } else if (encoding == Encoding.IMAGE && raw instanceof RawFeatures.Bytes bytes) {
      ImageDecoder.decode(bytes.values(), shape, out, offset);
      for (int i = offset; i < offset + width(); i++) {
        out[i] = (float) (out[i] * scale);
      }
    } else {
      throw new IllegalArgumentException("encoding " + encoding + " cannot read " + raw);
    }
  }

  private void decodeFloats(float[] values, float[] out, int offset) throws BadFeaturesException {
    checkWidth(values.length);
    int channels = interleaved() ? shape.channels() : 1;
    int plane = shape.values() / channels;
    for (int c = 0, to = offset; c < channels; c++) {
      for (int i = 0, from = c; i < plane; i++, from += channels) {
        float value = (float) (values[from] * scale);
        if (!Float.isFinite(value)) {
          throw new BadFeaturesException(
              "value %d is not finite: %s".formatted(from, values[from]));
        }
        out[to++] = value;
      }
    }
  }

  /**
   * @param meaning of each byte, for each channel
   */
  private void decodeBytes(byte[] values, float[][] meaning, float[] out, int offset)
      throws BadFeaturesException {
    checkWidth(values.length);
    int plane = shape.plane();
    int step = interleaved() ? mean.length : 1;
    for (int c = 0, to = offset; c < mean.length; c++) {
      float[] of = meaning[c];
      for (int i = 0, from = interleaved() ? c : c * plane; i < plane; i++, from += step) {
        out[to++] = of[values[from] & 0xFF];
      }
    }
  }

  private boolean interleaved() {
    return layout == Layout.HWC;
  }

  private void checkWidth(int values) throws BadFeaturesException {
    if (values != width()) {
      throw new BadFeaturesException(
          "has %d values, the shape of the features asks for %d".formatted(values, width()));
    }
  }

  private void normalise(int channel, float[] values, int from, int count) {
    double channelMean = mean[channel];
    double channelDeviation = deviation[channel];
    if (channelMean == 0 && channelDeviation == 1) {
      return;
    }
    for (int i = from; i < from + count; i++) {
      values[i] = (float) ((values[i] - channelMean) / channelDeviation);
    }
  }
}
