package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.bigdl.ClusterShape;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Requirements;
import io.lakestill.recipe.Encoding;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.report.Machine;
import io.lakestill.report.plan.BreakEven;
import io.lakestill.report.plan.TeachShape;
import io.lakestill.report.plan.TrainShape;
import io.lakestill.signal.codec.Topk;
import io.lakestill.train.RowLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * What a recipe will cost, as JSON.
 *
 * @param blueprint the recipe
 * @param wishes what is known and wanted
 * @param rows of its tables
 * @param teachers in its order
 * @param cores that there are, where nobody says what is wanted
 */
record PlanReport(
    Blueprint blueprint,
    PlanWishes wishes,
    PlannedRows rows,
    List<PlannedTeacher> teachers,
    int cores) {
  private static final List<String> DENSE = List.of("dense32", "dense16", "int8");
  private static final double HOUR = 3600;

  /** Adds everything to a summary. */
  void into(ObjectNode json) {
    json.putObject("rows")
        .put("training_examples", rows.training())
        .put("validation_examples", rows.validation())
        .put("counted", rows.counted())
        .put("views", rows.views())
        .put("signal_rows", rows.signals());
    json.put("processor", Machine.here().processor());
    teachers.forEach(teacher -> teacher(teacher, json.withArray("teachers").addObject()));
    if (teachers.isEmpty()) {
      json.putArray("teachers");
    }
    training(json.putObject("train"));
  }

  private void teacher(PlannedTeacher teacher, ObjectNode json) {
    json.put("id", teacher.plan().id());
    signals(teacher, json);
    totals(teacher, json);
    cost(teacher, json);
    shape(teacher, json.putObject("teach"));
  }

  private static void signals(PlannedTeacher teacher, ObjectNode json) {
    json.put("values", teacher.timing().isPresent() ? "spoken" : "assumed");
    json.put("own_bytes_per_row", teacher.sizes().own());
    List<PlannedTeacher.Signal> known = teacher.known();
    for (PlannedTeacher.Signal signal : teacher.signals()) {
      ObjectNode column = json.withArray("signals").addObject().put("name", signal.name());
      signal.shape().ifPresent(shape -> shape.forEach(column.putArray("shape")::add));
      signal.width().ifPresent(width -> column.put("width", width));
      column.put("width_from", signal.from()).put("codec", CodecSizes.name(signal.codec()));
      if (signal.shape().isPresent()) {
        ObjectNode bytes = column.putObject("bytes_per_row");
        teacher
            .sizes()
            .signals()
            .get(known.indexOf(signal))
            .forEach((codec, taken) -> bytes.put(codec, taken.bytesPerRow()));
      }
    }
  }

  /** Of all signals by one codec, and as the recipe says; nothing where a width is not known. */
  private void totals(PlannedTeacher teacher, ObjectNode json) {
    ObjectNode totals = json.putObject("totals");
    if (teacher.known().size() < teacher.signals().size()) {
      return;
    }
    Map<String, List<Optional<CodecSizes.Taken>>> layouts = new LinkedHashMap<>();
    List<Map<String, CodecSizes.Taken>> sizes = teacher.sizes().signals();
    layouts.put("recipe", asTheRecipeSays(teacher));
    for (String codec : DENSE) {
      layouts.put(codec, sizes.stream().map(size -> Optional.ofNullable(size.get(codec))).toList());
    }
    // Of the logits alone, since nothing else can be stored so.
    sizes.get(0).keySet().stream()
        .filter(codec -> !DENSE.contains(codec))
        .forEach(
            codec ->
                layouts.put(
                    codec,
                    Stream.concat(
                            Stream.of(Optional.ofNullable(sizes.get(0).get(codec))),
                            layouts.get("recipe").stream().skip(1))
                        .toList()));
    layouts.forEach(
        (name, taken) -> {
          if (taken.stream().allMatch(Optional::isPresent)) {
            double bytes =
                teacher
                    .sizes()
                    .bytes(
                        taken.stream().map(Optional::orElseThrow).toList(),
                        rows.signals(),
                        tasks());
            totals
                .putObject(name)
                .put("bytes_per_row", bytes / rows.signals())
                .put("bytes", Math.round(bytes));
          }
        });
  }

  private static List<Optional<CodecSizes.Taken>> asTheRecipeSays(PlannedTeacher teacher) {
    List<Optional<CodecSizes.Taken>> taken = new ArrayList<>();
    for (int s = 0; s < teacher.signals().size(); s++) {
      String codec = CodecSizes.name(teacher.signals().get(s).codec());
      taken.add(Optional.ofNullable(teacher.sizes().signals().get(s).get(codec)));
    }
    return taken;
  }

  private long tasks() {
    return work().tasks();
  }

  private TeachShape.Work work() {
    return new TeachShape.Work(
        rows.signals(), blueprint.recipe().signals().rowsPerTask(), wishes.coresPerExecutor());
  }

  /** Rows per second of one core in the pass, if that is known. */
  private OptionalDouble speed(PlannedTeacher teacher) {
    return teacher
        .timing()
        .map(TeacherTiming::pass)
        .or(() -> wishes.speed(teacher.plan().id()))
        .map(OptionalDouble::of)
        .orElse(OptionalDouble.empty());
  }

  private void cost(PlannedTeacher teacher, ObjectNode json) {
    ObjectNode cost = json.putObject("cost");
    OptionalDouble speed = speed(teacher);
    double relative = teacher.timing().map(timing -> timing.teacher() / timing.pass()).orElse(1.0);
    if (teacher.timing().isPresent()) {
      cost.put("from", "timed").put("sample_rows", teacher.timing().get().said().count());
    } else {
      cost.put("from", speed.isPresent() ? "given" : "unknown");
      if (speed.isEmpty()) {
        cost.put("why", why(teacher));
      }
    }
    speed.ifPresent(
        rate -> {
          double coreHours = rows.signals() / rate / HOUR;
          cost.put("teacher_rows_per_second", rate * relative)
              .put("rows_per_second", rate)
              .put("core_hours", coreHours);
          double bytes = json.path("totals").path("recipe").path("bytes").asDouble();
          if (bytes > 0) {
            cost.put("core_hours_per_gigabyte", coreHours / (bytes / 1e9));
          }
          if (bytes > 0 && wishes.coreHour().isPresent()) {
            double once = coreHours * wishes.coreHour().getAsDouble();
            double month = bytes / 1e9 * wishes.gigabyteMonth().orElseThrow();
            cost.put("price", once).put("price_month", month).put("months", once / month);
          }
        });
    breakEven(new BreakEven(rows.training(), rows.signals(), relative), json);
  }

  private String why(PlannedTeacher teacher) {
    if (teacher.file().isPresent()) {
      return "no model was run; give --rows-per-second, or --time";
    }
    return teacher.plan().training().isPresent()
        ? "the teacher is trained first, so it cannot be timed yet; give --rows-per-second"
        : "no model speaks here, its words are read from a table";
  }

  private void breakEven(BreakEven pass, ObjectNode json) {
    TrainSettings train = blueprint.student().settings();
    long epochs = (long) train.epochs() * train.seeds().size();
    json.putObject("break_even")
        .put("relative_cost", pass.relativeCost())
        .put("pass_in_epochs", pass.epochs())
        .put("epochs", pass.wholeEpochs())
        .put("trainings", pass.trainings(train.epochs()))
        .put("recipe_epochs", train.epochs())
        .put("recipe_seeds", train.seeds().size())
        .put("recipe_total_epochs", epochs)
        .put("factor", pass.factor(epochs));
  }

  private void shape(PlannedTeacher teacher, ObjectNode json) {
    OptionalDouble speed = speed(teacher);
    TeachShape shape =
        wishes.seconds().isPresent()
            ? TeachShape.within(work(), share(teacher), speed.orElseThrow())
            : TeachShape.on(work(), wishes.cores().orElse(cores), speed);
    FeatureSettings features = teacher.plan().features();
    Memory memory =
        Memory.teach(
            teacher.file().map(file -> (long) file.bytes().length).orElse(0L),
            shape.rowsPerTask(),
            (features.encoding() == Encoding.FLOAT ? 4L : 1L) * features.width(),
            features.width() + teacher.values(),
            blueprint.recipe().signals().batch(),
            shape.coresPerExecutor());
    json.put("tasks", shape.tasks())
        .put("rows_per_task", shape.rowsPerTask())
        .put("finer_tasks", shape.tasks() > tasks())
        .put("cores", shape.cores())
        .put("executors", shape.executors())
        .put("executor_cores", shape.coresPerExecutor())
        .put("executor_memory", memory.heapSetting())
        .put("executor_memory_overhead", memory.outsideSetting());
    shape.seconds().ifPresent(seconds -> json.put("seconds", seconds));
  }

  /** Of the time for all teachers, which speak one after another, that of one. */
  private double share(PlannedTeacher teacher) {
    double all = teachers.stream().mapToDouble(each -> 1 / speed(each).orElseThrow()).sum();
    return wishes.seconds().orElseThrow() / speed(teacher).orElseThrow() / all;
  }

  private void training(ObjectNode json) {
    Blueprint.Training student = blueprint.student();
    TrainShape shape =
        TrainShape.of(
            student.settings().batch(), wishes.cores().orElse(cores), wishes.coresPerExecutor());
    json.put("batch", student.settings().batch())
        .put("executors", shape.executors())
        .put("executor_cores", shape.coresPerExecutor())
        .put("cores", shape.cores())
        .put("rows_per_core", shape.rowsPerCore())
        .put(
            "trainings",
            student.settings().seeds().size() * (blueprint.scratch().isPresent() ? 2 : 1));
    targets()
        .ifPresent(
            layout -> {
              json.put(
                  "packed_bytes",
                  4L * rows.signals() * (blueprint.features().width() + (long) layout.width()));
              held(student, layout, shape)
                  .ifPresent(
                      memory ->
                          json.put("executor_memory", memory.heapSetting())
                              .put("executor_memory_overhead", memory.outsideSetting()));
            });
  }

  /** Empty where the loss does not fit its rows, which the preflight of a run says. */
  private Optional<Memory> held(Blueprint.Training student, RowLayout layout, TrainShape shape) {
    ClusterShape cluster = new ClusterShape(shape.executors(), shape.coresPerExecutor());
    TrainingMemory.Rows each =
        TrainingMemory.Rows.ofEach(cluster, rows.training(), rows.validation(), rows.views());
    try {
      return Optional.of(
          Memory.train(room -> TrainingMemory.of(student, layout, cluster, each, room)));
    } catch (LakestillException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** A target row, where all that the loss asks for is of known width. */
  private Optional<RowLayout> targets() {
    Map<String, List<Integer>> shapes = new HashMap<>();
    Map<String, Integer> kept = new HashMap<>();
    blueprint
        .signals()
        .sources()
        .forEach(
            (name, source) ->
                teachers.get(source.teacher()).signals().stream()
                    .filter(signal -> signal.name().equals(source.column()))
                    .filter(signal -> signal.shape().isPresent())
                    .findFirst()
                    .ifPresent(
                        signal -> {
                          shapes.put(name, signal.shape().orElseThrow());
                          if (signal.codec() instanceof Topk topk) {
                            kept.put(name, topk.k());
                          }
                        }));
    Requirements requirements = blueprint.student().objectives().requires();
    try {
      return Optional.of(RowLayout.targets(requirements, shapes, kept));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // A signal of unknown width; what it is was said with the signals.
    }
  }
}
