"""Prints what is wrong with the files of conf/airflow: warnings they cause, tasks that are not as they should be.

With LAKESTILL_SPARK_APPLICATION the tasks are those for Kubernetes.
"""

import os
import pathlib
import warnings

# What these warn of is not ours.
import airflow.providers.apache.spark.operators.spark_submit  # noqa: F401
import airflow.providers.cncf.kubernetes.operators.spark_kubernetes  # noqa: F401
import airflow.providers.common.compat.sdk  # noqa: F401

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import lakestill_daily

folder = str(pathlib.Path(lakestill_daily.__file__).parent)
faults = [str(said.message) for said in caught if said.filename.startswith(folder)]
dags = {dag.dag_id: dag for dag in vars(lakestill_daily).values() if isinstance(dag, lakestill_daily.DAG)}
for task_id in ("teach", "train", "export", "evaluate", "promote"):
    for dag_id, dag in dags.items():
        if task_id not in dag.task_ids:
            faults.append(f"{dag_id} has no {task_id}")
for dag in dags.values():
    teach = dag.get_task("teach")
    teach.render_template_fields({"ds": "2026-11-03", "params": {"from": "2026-11-01", "to": "2026-11-02"}})
    kubernetes = os.environ.get("LAKESTILL_SPARK_APPLICATION")
    arguments = teach.template_spec["spark"]["spec"]["arguments"] if kubernetes else teach.application_args
    expected = ["--dt", "2026-11-03"] if "arrived" in dag.task_ids else ["--from", "2026-11-01", "--to", "2026-11-02"]
    if arguments[0] != "teach" or arguments[3:] != expected:
        faults.append(f"{dag.dag_id}: {arguments}")
    outlets = [asset.uri for task_id in ("teach", "promote") for asset in dag.get_task(task_id).outlets]
    if outlets != [lakestill_daily.SIGNALS, lakestill_daily.CATALOGUE]:
        faults.append(f"{dag.dag_id}: {outlets}")
print(sorted(faults), sorted(dags))
