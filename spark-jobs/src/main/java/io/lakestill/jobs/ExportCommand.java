package io.lakestill.jobs;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code export}. */
@Command(
    name = "export",
    description = "Writes a bundle for each training: ONNX model, BigDL weights, provenance.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill export --recipe my.conf")
final class ExportCommand extends RecipeCommand {
  @Mixin private RecipeOptions options;

  @Override
  RecipeOptions options() {
    return options;
  }

  @Override
  void stages(Pipeline pipeline) {
    pipeline.export();
  }
}
