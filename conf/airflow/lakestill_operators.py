"""Airflow operators that run Lakestill's commands, and know what its exit codes mean.

Works with Airflow 2.11 and 3; needs apache-airflow-providers-apache-spark. See core/docs/airflow.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

MAIN_CLASS = "io.lakestill.jobs.Lakestill"

# What will not go away by itself: no retry.
FINAL = {
    2: "bad recipe or usage",
    3: "the input breaks its contract",
    4: "the training diverged",
    6: "a gate refused",
}

# What may: retried as the task says.
PASSING = {
    1: "a fault of Lakestill or of the machine",
    5: "held by another run",
    75: "a passing fault",
}


class Outcome:
    """What the log of a spark-submit says of how a command ended."""

    # Of a driver elsewhere, whose summary does not come through: what it said last, which YARN's
    # client shows, and the exit code of its pod, which that of Kubernetes does.
    ENDED = re.compile(r"lakestill ended with exit code (\d+)")
    POD = re.compile(r"\bexit code: (\d+)", re.IGNORECASE)

    def __init__(self) -> None:
        self.summary: dict[str, Any] = {}
        self._ended: int | None = None
        self._pod: int | None = None

    def watch(self, lines: Iterable[str]) -> Iterator[str]:
        """The same lines; keeps the last JSON summary and the last exit codes among them."""
        for line in lines:
            if line.startswith('{"command":'):
                self.summary = json.loads(line)
            elif ended := self.ENDED.search(line):
                self._ended = int(ended[1])
            elif pod := self.POD.search(line):
                self._pod = int(pod[1])
            yield line

    def code(self, returned: int) -> int:
        """The command's own exit code, or what spark-submit returned if it said none."""
        return self.summary.get("exit") or self._ended or self._pod or returned


class LakestillOperator(SparkSubmitOperator):
    """Runs one command of Lakestill through spark-submit.

    Its JSON summary is the task's XCom. A failure that will not go away by itself fails the task at
    once; others are retried, and a retry goes on where the attempt before had come to.

    :param arguments: the command and what follows it (templated)
    :param jar: the application, spark-jobs/target/lakestill-*.jar
    :param properties: what ``bin/lakestill --print-properties`` printed
    """

    def __init__(self, *, arguments: list[str], jar: str, properties: str, **kwargs: Any) -> None:
        super().__init__(
            application=jar,
            java_class=MAIN_CLASS,
            properties_file=properties,
            application_args=arguments,
            name=kwargs.pop("name", f"lakestill {arguments[0]}"),
            **kwargs,
        )
        self._outcome = Outcome()

    # The hook logs what spark-submit prints, and keeps none of it: so its lines are watched.
    def _get_hook(self) -> Any:
        hook = super()._get_hook()
        process = hook._process_spark_submit_log
        hook._process_spark_submit_log = lambda lines: process(self._outcome.watch(lines))
        return hook

    def execute(self, context: Any) -> dict[str, Any]:
        self._outcome = Outcome()
        try:
            super().execute(context)
        except AirflowException as failure:
            raise self._worded(failure) from failure
        return self._outcome.summary

    def _worded(self, failure: AirflowException) -> AirflowException:
        process = getattr(self._hook, "_submit_sp", None)
        if process is None or process.returncode is None:
            return failure  # It never started.
        code = self._outcome.code(process.returncode)
        said = self._outcome.summary.get("error", "its own words are above")
        meaning = FINAL.get(code) or PASSING.get(code) or "it was killed, or could not start"
        kind = AirflowFailException if code in FINAL else AirflowException
        return kind(f"Exit code {code}, {meaning}: {said}")
