package io.lakestill.recipe;

import com.typesafe.config.Config;
import java.util.Optional;

/**
 * One recipe: data, teacher, signals, student, training, evaluation, export.
 *
 * @param name names the run in Spark's UI and in reports
 * @param output the folder that every stage writes below
 * @param teacher empty when the student learns from labels alone
 * @param source the resolved text it was read from, for provenance
 */
public record Recipe(
    String name,
    String output,
    DataSettings data,
    Optional<TeacherSettings> teacher,
    SignalSettings signals,
    GraphSettings student,
    TrainSettings train,
    EvaluateSettings evaluate,
    ExportSettings export,
    Config source) {}
