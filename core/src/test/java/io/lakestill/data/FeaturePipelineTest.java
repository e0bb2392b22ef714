package io.lakestill.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.recipe.Encoding;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.Layout;
import io.lakestill.recipe.Normalisation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;

class FeaturePipelineTest {
  private static final Normalisation PLAIN = new Normalisation(List.of(0.0), List.of(1.0));

  @Test
  void computesWhatPyTorchDoesForPixels() throws Exception {
    Normalisation fashion = new Normalisation(List.of(0.2860), List.of(0.3530));
    FeaturePipeline pipeline =
        new FeaturePipeline(
            settings(Encoding.UINT8, List.of(1, 1, 3), Layout.CHW, 1 / 255.0, fashion),
            List.of(),
            1);

    float[] out = new float[3];
    pipeline.features(new RawFeatures.Bytes(new byte[] {0, (byte) 255, 100}), "a", 0, out, 0);

    assertThat(out)
        .containsExactly(new float[] {-0.8101983f, 2.0226629f, 0.3007276f}, within(1e-6f));
  }

  @Test
  void putsChannelsFirstBeforeNormalisingEach() throws Exception {
    Normalisation each = new Normalisation(List.of(1.0, 2.0), List.of(10.0, 100.0));
    float[] out = new float[1 + 6];

    new FeaturePipeline(
            settings(Encoding.FLOAT, List.of(2, 1, 3), Layout.HWC, 2, each), List.of(), 1)
        .features(new RawFeatures.Floats(new float[] {1, 10, 2, 20, 3, 30}), "a", 0, out, 1);

    assertThat(out)
        .containsExactly(new float[] {0, 0.1f, 0.3f, 0.5f, 0.18f, 0.38f, 0.58f}, within(1e-6f));
  }

  @Test
  void bytesAreTheNumbersTheyStandFor() throws Exception {
    Normalisation each = new Normalisation(List.of(0.3, 0.0), List.of(0.7, 1.0));
    byte[] bytes = {0, 1, 127, (byte) 128, (byte) 200, (byte) 255};
    float[] floats = {0, 1, 127, 128, 200, 255};
    for (Layout layout : Layout.values()) {
      float[] ofBytes = new float[6];
      float[] ofFloats = new float[6];

      new FeaturePipeline(
              settings(Encoding.UINT8, List.of(2, 1, 3), layout, 1 / 255.0, each), List.of(), 1)
          .features(new RawFeatures.Bytes(bytes), "a", 0, ofBytes, 0);
      new FeaturePipeline(
              settings(Encoding.FLOAT, List.of(2, 1, 3), layout, 1 / 255.0, each), List.of(), 1)
          .features(new RawFeatures.Floats(floats), "a", 0, ofFloats, 0);

      assertThat(ofBytes).as("%s", layout).containsExactly(ofFloats);
    }
  }

  @Test
  void viewZeroIsTheExampleAndOthersDependOnKeyAndSeedOnly() throws Exception {
    FeaturePipeline pipeline = noisy(1);

    assertThat(view(pipeline, "a", 0)).containsExactly(1, 2, 3, 4);
    assertThat(view(pipeline, "a", 1)).isEqualTo(view(noisy(1), "a", 1));
    assertThat(view(pipeline, "a", 1))
        .isNotEqualTo(view(pipeline, "a", 0))
        .isNotEqualTo(view(pipeline, "a", 2))
        .isNotEqualTo(view(pipeline, "b", 1))
        .isNotEqualTo(view(noisy(2), "a", 1));
  }

  @Test
  void travelsByJavaSerialisation() throws Exception {
    FeaturePipeline pipeline = noisy(1);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(pipeline);
    }
    FeaturePipeline arrived =
        (FeaturePipeline)
            new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();

    assertThat(arrived.fingerprint()).isEqualTo(pipeline.fingerprint());
    assertThat(view(arrived, "a", 3)).isEqualTo(view(pipeline, "a", 3));
  }

  @Test
  void refusesWhatCannotBecomeFeatures() {
    FeaturePipeline pipeline = noisy(1);

    assertThatThrownBy(() -> view(pipeline, new RawFeatures.Floats(new float[3])))
        .isInstanceOf(BadFeaturesException.class)
        .hasMessage("has 3 values, the shape of the features asks for 4");
    assertThatThrownBy(
            () -> view(pipeline, new RawFeatures.Floats(new float[] {1, 2, Float.NaN, 4})))
        .isInstanceOf(BadFeaturesException.class)
        .hasMessage("value 2 is not finite: NaN");
  }

  @Test
  void fingerprintChangesWithEverythingThatChangesTheNumbers() {
    List<Integer> shape = List.of(1, 2, 2);
    FeatureSettings base = settings(Encoding.FLOAT, shape, Layout.CHW, 1, PLAIN);
    Normalisation other = new Normalisation(List.of(0.5), List.of(1.0));

    assertThat(
            List.of(
                print(base),
                print(settings(Encoding.UINT8, shape, Layout.CHW, 1, PLAIN)),
                print(settings(Encoding.FLOAT, List.of(4), Layout.CHW, 1, PLAIN)),
                print(settings(Encoding.FLOAT, shape, Layout.HWC, 1, PLAIN)),
                print(settings(Encoding.FLOAT, shape, Layout.CHW, 2, PLAIN)),
                print(settings(Encoding.FLOAT, shape, Layout.CHW, 1, other)),
                new FeaturePipeline(base, List.of(new Shift(1)), 1).fingerprint(),
                new FeaturePipeline(base, List.of(new Shift(1)), 2).fingerprint(),
                new FeaturePipeline(base, List.of(new Crop(1)), 1).fingerprint(),
                new FeaturePipeline(base, List.of(new Noise(1)), 1).fingerprint(),
                new FeaturePipeline(base, List.of(new Noise(2)), 1).fingerprint(),
                new FeaturePipeline(base, List.of(new Flip(0.5)), 1).fingerprint()))
        .doesNotHaveDuplicates();
    assertThat(print(base)).isEqualTo(new FeaturePipeline(base, List.of(), 9).fingerprint());
  }

  private static String print(FeatureSettings settings) {
    return new FeaturePipeline(settings, List.of(), 1).fingerprint();
  }

  private static FeaturePipeline noisy(long seed) {
    return new FeaturePipeline(
        settings(Encoding.FLOAT, List.of(1, 2, 2), Layout.CHW, 1, PLAIN),
        List.of(new Shift(1), new Noise(0.1)),
        seed);
  }

  private static float[] view(FeaturePipeline pipeline, String id, int viewId) throws Exception {
    float[] out = new float[4];
    pipeline.features(new RawFeatures.Floats(new float[] {1, 2, 3, 4}), id, viewId, out, 0);
    return out;
  }

  private static void view(FeaturePipeline pipeline, RawFeatures raw) throws Exception {
    pipeline.features(raw, "a", 0, new float[4], 0);
  }

  private static FeatureSettings settings(
      Encoding encoding,
      List<Integer> shape,
      Layout layout,
      double scale,
      Normalisation normalisation) {
    return new FeatureSettings(List.of("pixels"), encoding, shape, layout, scale, normalisation);
  }
}
