"""A student every day: waits for the day's examples, has the teacher score them, trains on the
newest dates, and promotes the student if it holds the recipe's gates.

Two DAGs: ``lakestill_daily``, and ``lakestill_backfill`` for ranges of dates that are new, or were
corrected. Works with Airflow 2.11 and 3. See core/docs/airflow.md for what to set and why.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import fsspec
from airflow.providers.common.compat.sdk import DAG, Asset, BaseOperator, Param, task
from airflow.timetables.interval import CronDataIntervalTimetable

from lakestill_operators import LakestillOperator

# --- What to change: here, or in the environment of scheduler and workers ----------------------------------

JAR = os.environ.get("LAKESTILL_JAR", "/opt/lakestill/lakestill.jar")
PROPERTIES = os.environ.get("LAKESTILL_PROPERTIES", "/opt/lakestill/lakestill.properties")
RECIPE = os.environ.get("LAKESTILL_RECIPE", "hdfs://lake/recipes/daily.conf")
# What is there when a day is complete; {{ ds }} is the day.
ARRIVED = os.environ.get("LAKESTILL_ARRIVED", "hdfs://lake/lake/train/dt={{ ds }}/_SUCCESS")
# Where signals and students are to other DAGs: what comes new there is an update of these assets.
SIGNALS = os.environ.get("LAKESTILL_SIGNALS", "hdfs://lake/out/daily/signals")
CATALOGUE = os.environ.get("LAKESTILL_CATALOGUE", "hdfs://lake/models")
# How many of the newest dates a student learns from.
WINDOW = os.environ.get("LAKESTILL_WINDOW", "30")
RETRY_SECONDS = float(os.environ.get("LAKESTILL_RETRY_SECONDS", "120"))
CONNECTION = os.environ.get("LAKESTILL_CONNECTION", "spark_default")
# For the Spark operator of Kubernetes: a copy of conf/kubernetes/spark-application.yaml. Then JAR, PROPERTIES and
# CONNECTION are not used.
SPARK_APPLICATION = os.environ.get("LAKESTILL_SPARK_APPLICATION")

# A retry goes on where the attempt before had come to. Seven attempts, each after twice the time of
# the one before, bear a run of somebody else of an hour and a half, and a lease that its dead holder
# has left, which expires after a minute.
DEFAULTS = {
    "retries": 6,
    "retry_delay": timedelta(seconds=RETRY_SECONDS),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=30),
}


def lakestill(command: str, *arguments: str, hours: float, **task_options) -> BaseOperator:
    """A task that runs one command on the recipe."""
    run = {
        "task_id": command,
        "arguments": [command, "--recipe", RECIPE, *arguments],
        "execution_timeout": timedelta(hours=hours),
        **task_options,
    }
    if SPARK_APPLICATION:
        from lakestill_kubernetes import lakestill_application

        return lakestill_application(application=SPARK_APPLICATION, **run)
    return LakestillOperator(jar=JAR, properties=PROPERTIES, conn_id=CONNECTION, **run)


def train_and_promote(taught: BaseOperator) -> None:
    """What follows when dates were taught. The gates are asked by evaluate, and again by promote."""
    train = lakestill("train", "--window", WINDOW, hours=24)
    export = lakestill("export", hours=1)
    evaluate = lakestill("evaluate", hours=4)
    promote = lakestill(
        "promote", "--catalogue", CATALOGUE, hours=4, outlets=[Asset(CATALOGUE)]
    )
    taught >> train >> export >> evaluate >> promote


with DAG(
    dag_id="lakestill_daily",
    description="Teaches the day, trains on the newest dates, promotes what holds its gates",
    # The run of a day starts when the day is over, and ds is that day, in Airflow 2 as in 3.
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # Runs train in one output folder. The day after waits for the day before.
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["lakestill"],
) as daily:

    @task.sensor(task_id="arrived", poke_interval=60, timeout=12 * 3600, mode="reschedule")
    def arrived(marker: str) -> bool:
        files, path = fsspec.core.url_to_fs(marker)
        return files.exists(path)

    teach = lakestill("teach", "--dt", "{{ ds }}", hours=12, outlets=[Asset(SIGNALS)])
    arrived(ARRIVED) >> teach
    train_and_promote(teach)


with DAG(
    dag_id="lakestill_backfill",
    description="Teaches a range of dates, new or corrected, then trains and promotes as every day",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params={
        "from": Param("2026-01-01", type="string", format="date", description="The first date"),
        "to": Param("2026-01-31", type="string", format="date", description="The last date"),
    },
    tags=["lakestill"],
) as backfill:
    train_and_promote(
        lakestill(
            "teach",
            "--from",
            "{{ params['from'] }}",
            "--to",
            "{{ params['to'] }}",
            hours=72,
            outlets=[Asset(SIGNALS)],
        )
    )
