"""A real standalone cluster of the installed pyspark: a master and two workers as processes on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark

from support import ROOT
from support.plans import environment

SPARK_HOME = Path(pyspark.__file__).parent
HOST = "127.0.0.1"
SECONDS_TO_START = 60
# Of every executor: slots for tasks, whatever the machine has; and what their Python workers take together.
CORES, WORKERS_MEMORY = 2, "5000m"
# Three short-lived JVMs on two cores: compiling less is quicker.
QUICK = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC"


@dataclass(frozen=True)
class Cluster:
    """Where the master listens, its workers' processes, and the environment in which jobs are submitted."""

    port: int
    workers: list[subprocess.Popen[bytes]]
    environment: Mapping[str, str]
    package: Path

    def submit(self, config: Path, output: Path, job: str = "plan", memory: str = WORKERS_MEMORY) -> list[str]:
        """The spark-submit command of a job, with the package from the zip only; memory: of an executor's Python workers."""
        from echelon.engine.delta import fetched_jars

        # The jars that set-up has fetched: nothing is downloaded twice.
        jars = fetched_jars()[0].parents[1]
        options = {"--master": f"spark://{HOST}:{self.port}", "--properties-file": str(ROOT / "deploy" / "spark.conf")}
        options |= {"--py-files": str(self.package), "--driver-memory": "1g", "--executor-memory": "1g"}
        settings = {"spark.jars.ivy": jars, "spark.driver.extraJavaOptions": QUICK, "spark.executor.extraJavaOptions": QUICK}
        settings |= {"spark.executor.cores": CORES, "spark.executor.pyspark.memory": memory}
        words = [word for pair in options.items() for word in pair]
        words += [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
        job_file, arguments = str(ROOT / "jobs" / f"{job}.py"), ["--config", str(config), "--set", f"run.output={output}"]
        return [str(SPARK_HOME / "bin" / "spark-submit"), *words, job_file, *arguments]

    def kill_worker(self) -> None:
        """SIGKILL one worker and all that it has started."""
        kill(self.workers.pop(0))


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children at once; executors end with their worker."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_ports(count: int) -> list[int]:
    """Ports on which nobody listens; all different."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind((HOST, 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def daemon(environment: Mapping[str, str], log: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a daemon of Spark in its own process group."""
    command = [str(SPARK_HOME / "bin" / "spark-class"), *words]
    with log.open("wb") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)


def alive_workers(port: int) -> int:
    """How many workers the master's page counts; 0 while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/json/", timeout=5) as answer:
            return answer.read().decode().count('"state" : "ALIVE"')
    except OSError:
        return 0


def wait_for(port: int, workers: int, log: Path) -> None:
    """Return when the master has that many workers."""
    end = time.monotonic() + SECONDS_TO_START
    while alive_workers(port) < workers:
        assert time.monotonic() < end, log.read_text(errors="replace")
        time.sleep(0.2)


@contextmanager
def running_cluster(folder: Path, package: Path) -> Iterator[Cluster]:
    """A master and two workers of several cores each, which live as long as the block."""
    from echelon.engine.java import java_home

    surroundings = environment() | {
        "JAVA_HOME": str(java_home()),
        "SPARK_HOME": str(SPARK_HOME),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "PYSPARK_PYTHON": sys.executable,
    }
    del surroundings["PYTHONPATH"]
    port, page, *pages = free_ports(4)
    master = ["org.apache.spark.deploy.master.Master", "--host", HOST, "--port", str(port), "--webui-port", str(page)]
    worker = ["org.apache.spark.deploy.worker.Worker", "--host", HOST, "--cores", str(CORES), "--memory", "2g"]
    processes = [daemon(surroundings, folder / "master.log", *master)]
    try:
        for number, own in enumerate(pages):
            place = ["--webui-port", str(own), "--work-dir", str(folder / f"work{number}"), f"spark://{HOST}:{port}"]
            processes.append(daemon(surroundings, folder / f"worker{number}.log", *worker, *place))
        wait_for(page, len(pages), folder / "master.log")
        yield Cluster(port, processes[1:], surroundings, package)
    finally:
        for process in processes:
            kill(process)
