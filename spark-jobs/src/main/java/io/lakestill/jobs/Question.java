package io.lakestill.jobs;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Asks an executor about itself, from within a task. It waits a moment there, so that the tasks
 * beside it go to other executors.
 *
 * @param output a folder to try, or none
 */
record Question(List<String> output, SerializableConfiguration configuration)
    implements FlatMapFunction<Iterator<Integer>, ExaminedMachine> {
  private static final long serialVersionUID = 1L;
  private static final long MOMENT_MILLIS = 300;

  @Override
  public Iterator<ExaminedMachine> call(Iterator<Integer> tasks) throws InterruptedException {
    List<ExaminedMachine> answer = new ArrayList<>();
    if (tasks.hasNext()) {
      Optional<String> folder = output.stream().findFirst();
      answer.add(ExaminedMachine.here(folder, configuration.value()));
      Thread.sleep(MOMENT_MILLIS);
    }
    return answer.iterator();
  }
}
