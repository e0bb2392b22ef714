"""Runs Lakestill's commands as SparkApplications of the Spark operator for Kubernetes.

Needs apache-airflow-providers-cncf-kubernetes. ``lakestill_daily.py`` takes this way when
LAKESTILL_SPARK_APPLICATION names a file such as ``conf/kubernetes/spark-application.yaml``.
"""

from __future__ import annotations

import pathlib
from typing import Any

import yaml
from airflow.providers.cncf.kubernetes.operators.spark_kubernetes import SparkKubernetesOperator


def lakestill_application(
    *, task_id: str, arguments: list[str], application: str, **options: Any
) -> SparkKubernetesOperator:
    """A task that runs one command; the driver's log is the task's.

    Its exit code stays in the driver's pod, so every failure is retried. A command that refuses
    does so within seconds, and costs no more when it is repeated.

    :param arguments: the command and what follows it (templated)
    :param application: a file with everything of the SparkApplication but its arguments
    """
    spec = yaml.safe_load(pathlib.Path(application).read_text(encoding="utf-8"))
    spec["spec"]["arguments"] = arguments
    return SparkKubernetesOperator(
        task_id=task_id,
        name=f"lakestill-{task_id}",
        namespace=spec["metadata"]["namespace"],
        template_spec={"spark": spec},
        get_logs=True,
        **options,
    )
