"""The files of deploy/ and conf/ agree with the program: what they name is there."""

import zipfile
from pathlib import Path

import yaml
from echelon.cli import ABOUT
from echelon.config import load
from echelon.config.models import Spark
from echelon.engine import delta, memory, session
from support import ROOT


def properties(file: Path) -> dict[str, str]:
    """A properties file as spark-submit reads it."""
    lines = [line for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return dict(line.split(maxsplit=1) for line in lines)


def test_the_properties_are_those_of_the_engine() -> None:
    found = properties(ROOT / "deploy" / "spark.conf")
    assert found["spark.jars.packages"] == delta.PACKAGE
    assert found["spark.jars.excludes"] == delta.EXCLUDES
    assert found.items() >= delta.EXTENSIONS.items()
    given = {name.removeprefix("spark.executorEnv."): value for name, value in found.items() if "executorEnv" in name}
    assert given == session.WORKER_ENVIRONMENT


def test_python_workers_get_what_they_get_on_one_machine() -> None:
    (wanted,) = memory.workers_memory(Spark()).values()
    found = properties(ROOT / "deploy" / "spark.conf")
    assert (found[memory.OF_ALL], found.get(memory.CORES)) == (wanted, None)
    words = (ROOT / "deploy" / "kubernetes.yaml").read_text().split()
    submitted = dict(word.removeprefix("--conf=").split("=", 1) for word in words if word.startswith("--conf="))
    cores = int(submitted[memory.CORES])
    assert memory.workers_memory(Spark(settings={memory.CORES: str(cores)}))[memory.OF_ALL] == submitted[memory.OF_ALL]


def test_the_package_is_complete_and_always_the_same(package: Path, tmp_path: Path) -> None:
    import package as packaging

    packaging.write(tmp_path / "again.zip")
    assert package.read_bytes() == (tmp_path / "again.zip").read_bytes()
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    sources = {file.relative_to(ROOT / "lib").as_posix() for file in (ROOT / "lib" / "echelon").rglob("*.py")}
    assert sources <= set(names)
    assert "echelon/report/templates/page.html.j2" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".nbi", ".nbc"))]


def test_every_overlay_fits_over_the_base() -> None:
    base = str(ROOT / "conf" / "base.yaml")
    for name in ("local", "cluster", "databricks"):
        over = load([base, str(ROOT / "conf" / f"{name}.yaml")])
        assert over.spark.buckets % 4 == 0
        assert over != load([base])


def test_the_bundle_runs_every_stage_in_order() -> None:
    bundle = yaml.safe_load((ROOT / "deploy" / "databricks.yml").read_text())
    (job,) = bundle["resources"]["jobs"].values()
    assert [task["task_key"] for task in job["tasks"]] == list(ABOUT)
    for before, task in zip([None, *ABOUT], job["tasks"], strict=False):
        assert (
            ROOT / "deploy" / task["spark_python_task"]["python_file"]
        ).resolve() == ROOT / "jobs" / f"{task['task_key']}.py"
        assert task.get("depends_on", []) == ([{"task_key": before}] if before else [])
        words = [word.replace("${workspace.file_path}", str(ROOT)) for word in task["spark_python_task"]["parameters"]]
        assert all(Path(word.split("=")[-1]).exists() for word in words if str(ROOT) in word)
    names = {cluster["job_cluster_key"] for cluster in job["job_clusters"]}
    assert {task["job_cluster_key"] for task in job["tasks"]} == names


def test_the_bundle_installs_the_versions_of_the_lock() -> None:
    bundle = yaml.safe_load((ROOT / "deploy" / "databricks.yml").read_text())
    project = (ROOT / "pyproject.toml").read_text()
    (job,) = bundle["resources"]["jobs"].values()
    for library in job["tasks"][0]["libraries"]:
        assert f'"{library["pypi"]["package"]}"' in project


def test_the_cron_job_submits_what_is_there() -> None:
    documents = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text()))
    kinds = {document["kind"]: document for document in documents}
    pod = kinds["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    words = container["command"]
    assert words[0] == "spark-submit"
    assert {"--properties-file=deploy/spark.conf", "--py-files=dist/echelon.zip", "jobs/plan.py"} <= set(words)
    assert all((ROOT / name).exists() for name in ("deploy/spark.conf", "jobs/plan.py", "conf/cluster.yaml"))
    assert "--config=conf/cluster.yaml" in words
    assert kinds["Service"]["spec"]["selector"] == pod["metadata"]["labels"]
    assert pod["spec"]["serviceAccountName"] == kinds["ServiceAccount"]["metadata"]["name"]
