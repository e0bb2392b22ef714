package io.lakestill.jobs;

import io.lakestill.bigdl.BigDlStudent;
import io.lakestill.export.Bundle;
import io.lakestill.export.BundleManifest;
import io.lakestill.export.BundleProvenance;
import io.lakestill.export.BundleProvenance.SignalTableVersion;
import io.lakestill.export.OnnxAgreement;
import io.lakestill.export.OnnxWriter;
import io.lakestill.io.Build;
import io.lakestill.io.Sha256;
import io.lakestill.recipe.ExportSettings;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;

/**
 * Turns a checkpoint into a bundle. The ONNX file is run in ONNX Runtime over real rows and
 * compared with BigDL before the bundle replaces the one before.
 *
 * @param role what the model is to the run
 * @param checkpoint what the training left
 * @param bundle the folder of the bundle
 * @param classes the label space
 * @param features how the model sees an example
 * @param recipe the resolved recipe, for provenance
 * @param signals the folder of each teacher's signal table, by the teacher's id
 * @param settings operator set and tolerance
 */
record ExportJob(
    ModelRole role,
    CheckpointFolder checkpoint,
    Path bundle,
    List<String> classes,
    FeatureSettings features,
    String recipe,
    Map<String, Path> signals,
    ExportSettings settings) {
  /** The model in BigDL's own format, beside the ONNX file. */
  private static final String BIGDL_SUFFIX = ".bigdl";

  /**
   * @param rows real examples, asked for only when there is something to export
   * @throws io.lakestill.error.LakestillException when there is no checkpoint (exit 3), or the
   *     exported model differs by more than the tolerance (exit 1)
   */
  StageLog.Result<Bundle> run(Supplier<RealRows> rows, Console console) {
    try {
      return export(rows, console);
    } catch (Exception e) {
      throw SparkFailures.worded(e, "export");
    }
  }

  private StageLog.Result<Bundle> export(Supplier<RealRows> rows, Console console) {
    CheckpointManifest trained = checkpoint.required();
    String fingerprint = fingerprint(trained);
    Optional<Bundle> done =
        Bundle.find(bundle, configuration())
            .filter(found -> found.manifest().provenance().fingerprint().equals(fingerprint));
    if (done.isPresent()) {
      return StageLog.Result.alreadyDone(done.get());
    }
    Parameters parameters = checkpoint.parameters(trained);
    StudentGraph graph = trained.graph();
    byte[] onnx = new OnnxWriter(settings.opset()).write(graph, parameters, classes);
    BigDlStudent student = new BigDlStudent(graph, parameters);
    OnnxAgreement agreement = agreement(onnx, graph, student, rows.get());
    console.line(
        String.format(
            Locale.ROOT,
            "  %s: largest logit difference between BigDL and ONNX Runtime over %d rows: %.2e",
            role.modelFile(),
            agreement.rows(),
            agreement.largestDifference()));
    agreement.requireWithin(settings.tolerance());
    BundleManifest draft =
        new BundleManifest(
            role,
            classes,
            features,
            graph,
            settings.opset(),
            agreement.largestDifference(),
            provenance(trained, fingerprint),
            List.of());
    Map<String, byte[]> files = new TreeMap<>();
    files.put(role.modelFile(), onnx);
    files.put(role.written() + BIGDL_SUFFIX, bigDlFile(student));
    files.put(Bundle.PARAMETERS, parameters.toSafeTensors());
    return StageLog.Result.done(Bundle.write(bundle, configuration(), draft, files));
  }

  private Configuration configuration() {
    return checkpoint.configuration();
  }

  private OnnxAgreement agreement(
      byte[] onnx, StudentGraph graph, BigDlStudent student, RealRows rows) {
    float[] trained = student.logits(rows.features(), rows.count());
    OnnxFile model = OnnxFile.of(onnx, new Path(bundle, role.modelFile()).toString());
    return OnnxAgreement.measure(model, graph, rows.features(), trained, rows.count());
  }

  private String fingerprint(CheckpointManifest trained) {
    return Sha256.of(
        String.join(
            "\n",
            "lakestill export " + BundleManifest.FORMAT_VERSION,
            Build.version(),
            trained.fingerprint(),
            trained.parameters().sha256(),
            classes.toString(),
            features.toString(),
            settings.toString()));
  }

  private BundleProvenance provenance(CheckpointManifest trained, String fingerprint) {
    return new BundleProvenance(
        recipe,
        trained.signals().stream().map(from -> learnedFrom(from, trained.rows())).toList(),
        trained.seed(),
        trained.bestEpoch(),
        trained.environment(),
        fingerprint,
        Build.version(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS));
  }

  private SignalTableVersion learnedFrom(
      CheckpointManifest.Signals from, CheckpointManifest.Rows rows) {
    return new SignalTableVersion(
        signals.get(from.teacher()).toString(),
        from.version(),
        from.fingerprint(),
        from.dates(),
        OptionalLong.of(rows.orphans() + rows.leftOut()));
  }

  private static byte[] bigDlFile(BigDlStudent student) {
    try {
      java.nio.file.Path folder = Files.createTempDirectory("lakestill-export");
      try {
        java.nio.file.Path file = folder.resolve("student.bigdl");
        student.save(file);
        return Files.readAllBytes(file);
      } finally {
        FileUtil.fullyDelete(folder.toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write BigDL's module file", e);
    }
  }
}
