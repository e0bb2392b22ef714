package io.lakestill.student;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeReader;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GraphReaderTest {
  private static final Shape IMAGE = Shape.image(1, 8, 8);
  private final Problems problems = new Problems();

  @Test
  void readsLayersWithDefaultInputsNamesAndOptions() {
    StudentGraph graph =
        read("""
        student {
          layers = [
            { type = convolution, channels = 4, kernel = 3, padding = 1 }
            { type = batch-normalisation }
            { type = relu, name = first }
            { type = convolution, channels = 4, kernel = 1, bias = false }
            { type = add, right = first }
            { type = max-pooling, kernel = 2 }
            { type = average-pooling, kernel = 3, stride = 1, padding = 1 }
            { type = dropout }
            { type = global-average-pooling }
            { type = flatten }
            { type = linear, width = 10 }
          ]
          outputs { embedding = flatten1, map_first = first }
        }
        """)
            .orElseThrow(() -> new AssertionError(problems.found()));
    assertThat(graph.layers())
        .containsExactly(
            new Convolution("convolution1", "input", 4, 3, 1, 1, true),
            new BatchNormalisation("batch-normalisation1", "convolution1", 1e-5, 0.1),
            new Relu("first", "batch-normalisation1"),
            new Convolution("convolution2", "first", 4, 1, 1, 0, false),
            new Add("add1", "convolution2", "first"),
            new MaxPooling("max-pooling1", "add1", 2, 2, 0),
            new AveragePooling("average-pooling1", "max-pooling1", 3, 1, 1),
            new Dropout("dropout1", "average-pooling1", 0.5),
            new GlobalAveragePooling("global-average-pooling1", "dropout1"),
            new Flatten("flatten1", "global-average-pooling1"),
            new Linear("linear1", "flatten1", 10, true));
    assertThat(graph.outputs().keySet()).containsExactly("logits", "embedding", "map_first");
    assertThat(graph.outputs()).containsEntry("logits", "linear1");
  }

  @Test
  void readsArchitecturesWithTheirDefaults() {
    assertThat(read("student { architecture = mlp }"))
        .contains(new Mlp(List.of(64, 32)).graph(IMAGE, 10, java.util.Map.of()));
    assertThat(read("student { architecture = lenet }"))
        .contains(new LeNet(List.of(8, 16), 5, List.of(32)).graph(IMAGE, 10, java.util.Map.of()));
    assertThat(read("student { architecture = resnet }"))
        .contains(new ResNet(20, 1.0).graph(IMAGE, 10, java.util.Map.of()));
    assertThat(problems.found()).isEmpty();
  }

  @Test
  void readsOptionsAndFurtherOutputsOfAnArchitecture() {
    StudentGraph graph =
        read("""
        student {
          architecture = resnet, depth = 14, width = 0.5
          outputs { map_last = stage3.block2.relu2 }
        }
        """)
            .orElseThrow(() -> new AssertionError(problems.found()));
    assertThat(graph.outputShape("embedding")).isEqualTo(Shape.flat(32));
    assertThat(graph.outputShape("map_last")).isEqualTo(Shape.image(32, 2, 2));
  }

  @Test
  void reportsEveryFaultyLayerAtItsOwnLine() {
    read(
        """
        student {
          layers = [
            { type = convolution, channels = 0, kernel = 3 }
            { type = relu }
            { type = conv }
            { type = max-pooling, kernel = 2, strides = 2 }
            { type = linear, width = 3, input = nowhere }
            { type = linear, width = 3, input = input }
            { type = add, left = linear1 }
            { width = 3 }
            { type = linear, width = 3, input = relu1, name = linear2, bias = maybe }
          ]
        }
        """);
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactlyInAnyOrder(
            "r.conf:3: student.layers[0]: channels must be at least 1, is 0",
            "r.conf:5: student.layers[2].type: must be one of convolution, batch-normalisation,"
                + " linear, relu, max-pooling, average-pooling, global-average-pooling, add,"
                + " flatten, dropout, is 'conv'",
            "r.conf:6: student.layers[3].strides: unknown key; did you mean 'stride'?",
            "r.conf:7: student.layers[4]: reads 'nowhere', which is no layer before it",
            "r.conf:8: student.layers[5]: a linear layer needs a flat input, its input is [1, 8,"
                + " 8]; put a flatten layer between",
            "r.conf:9: student.layers[6].right: is missing",
            "r.conf:10: student.layers[7].type: is missing",
            "r.conf:11: student.layers[8].bias: must be true or false, is 'maybe'",
            "r.conf:11: student.layers[8].name: two layers are named 'linear2'");
  }

  @Test
  void refusesALastLayerThatGivesNoLogits() {
    read(
        """
        student {
          layers = [
            { type = flatten }
            { type = linear, width = 9 }
          ]
        }
        """);
    assertThat(problems.found())
        .extracting(Problem::toString)
        .contains(
            "r.conf:4: student.layers[1]: the last layer must give one logit per class, [10],"
                + " gives [9]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          student { architecture = vgg }                   | student.architecture: must be one of mlp, lenet, resnet, is 'vgg'
          student { architecture = mlp, depth = 3 }        | student.depth: unknown key
          student { layers = [{ type = "" }] }             | student.layers[0].type: must not be empty
          student { architecture = mlp, hidden = [] }      | hidden must be one or more widths of at least 1, is []
          student { architecture = mlp, hidden = [8, 0] }  | hidden must be one or more widths of at least 1, is [8, 0]
          student { architecture = lenet, kernel = 4 }     | kernel must be odd, so that a convolution keeps height and width, is 4
          student { architecture = lenet, channels = [] }  | channels must be one or more numbers of at least 1, is []
          student { architecture = lenet, hidden = [-1] }  | hidden must hold widths of at least 1, is [-1]
          student { architecture = lenet, channels = [1, 2, 3, 4] } | channels name 4 blocks, each halves the image; an image of [1, 8, 8] allows at most 3
          student { architecture = resnet, depth = 18 }    | depth must be 6n + 2 with n of at least 1 (8, 14, 20, ...), is 18
          student { architecture = resnet, depth = 2 }     | depth must be 6n + 2 with n of at least 1
          student { architecture = resnet, width = 0.3 }   | width must make 16 * width a whole number
          student { architecture = mlp, outputs { logits = relu1 } } | student.outputs.logits: is always the last layer; leave it out
          student { architecture = mlp, outputs { embedding = relu9 } } | output 'embedding' names 'relu9', which is no layer
          student { architecture = mlp, outputs { maps = relu1 } } | output must be logits, embedding or map_ and letters, digits or '_', is 'maps'
          student { architecture = mlp, outputs { map_x = relu1 } } | output 'map_x' must be images [channels, height, width], layer 'relu1' gives [64]
          student { layers = [] }                          | student.layers: must list at least one layer
          student { layers = [{ type = flatten }, { type = relu }, { type = linear, width = 10, input = flatten1 }] } | layer 'relu1' leads to no output; remove it or name it in outputs
          """)
  void refusesWithTheReason(String student, String reason) {
    assertThat(read(student)).isEmpty();
    assertThat(problems.found()).hasSize(1);
    assertThat(problems.found().get(0).toString()).startsWith("r.conf:1: ").contains(reason);
  }

  @Test
  void refusesConvolutionsOverFlatFeatures() {
    Shape flat = Shape.flat(64);
    assertThat(read("student { architecture = resnet }", flat)).isEmpty();
    assertThat(read("student { architecture = lenet }", flat)).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::message)
        .containsExactly(
            "resnet needs images [channels, height, width], its input is [64]",
            "lenet needs images [channels, height, width], its input is [64]");
  }

  private Optional<StudentGraph> read(String student) {
    return read(student, IMAGE);
  }

  private Optional<StudentGraph> read(String student, Shape input) {
    String recipe =
        student
            + """

            name = test
            output = out
            data {
              train = t, test = t, classes = ["0", "1"]
              features { columns = [x], shape = [64] }
            }
            train { objectives = [{ type = cross-entropy }] }
            """;
    return new RecipeReader("home", "folder")
        .read(recipe, "r.conf", List.of(), problems)
        .flatMap(read -> GraphReader.read(read.student(), input, 10));
  }
}
