#!/usr/bin/env bash
# What a container of the image runs. Spark starts a pod with "driver" and arguments of spark-submit, or with "executor"
# and everything else in the environment; whatever else is given is run as it is. Writes nothing.
set -euo pipefail

readonly SPARK_HOME="${SPARK_HOME:-/opt/spark}"
readonly JAVA="${JAVA_HOME:+$JAVA_HOME/bin/}java"

run_driver() { # arguments of spark-submit
  exec "$SPARK_HOME/bin/spark-submit" --deploy-mode client \
    --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" "$@"
}

run_executor() {
  local options=() name i
  for ((i = 0; ; i++)); do
    name="SPARK_JAVA_OPT_$i"
    [[ -v "$name" ]] || break
    options+=("${!name}")
  done
  # Settings of the pod come first, then what spark.executor.extraClassPath names.
  exec "$JAVA" "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
    -cp "${SPARK_CONF_DIR:+$SPARK_CONF_DIR:}${HADOOP_CONF_DIR:+$HADOOP_CONF_DIR:}${SPARK_CLASSPATH:+$SPARK_CLASSPATH:}$SPARK_HOME/jars/*" \
    org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
    --driver-url "$SPARK_DRIVER_URL" \
    --executor-id "$SPARK_EXECUTOR_ID" \
    --cores "$SPARK_EXECUTOR_CORES" \
    --app-id "$SPARK_APPLICATION_ID" \
    --hostname "$SPARK_EXECUTOR_POD_IP" \
    --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" \
    --podName "$SPARK_EXECUTOR_POD_NAME"
}

case "${1:-}" in
  driver)
    shift
    run_driver "$@"
    ;;
  executor) run_executor ;;
  *) exec "$@" ;;
esac
