package io.lakestill.jobs;

import java.util.EnumSet;
import java.util.Set;
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
  Set<Stage> stages() {
    return EnumSet.of(Stage.EXPORT);
  }
}
