"""A Trino server of this machine, over Glue and S3 of an emulator: fetched once from Maven Central, started
in seconds, one per test session.

Refuses files whose SHA-256 is not the pinned one, and to call the server ready before a query on a table
answers.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from healthlake.engine.java import Java, ask_java

VERSION = "476"
OLDEST_JAVA = 24
_COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy"
_SERVER = (
    f"io.trino:trino-server-core:{VERSION}:tar.gz",
    "0f388f9967c177ae70a47c099082fc95387f0c3cb96d8000d1d41fc3a5223158",
)
_ICEBERG = (
    f"io.trino:trino-iceberg:{VERSION}:zip",
    "99edba5b491ed94d599aeb61e0794272d3569d8b563f3bb8569e8a49daa87b6c",
)
_START_SECONDS = 120
_JVM = (
    "-Xms1G",
    "-Xmx2G",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:ReservedCodeCacheSize=256M",
    "-Djdk.attach.allowAttachSelf=true",
    "-Duser.timezone=UTC",
)


class TrinoError(RuntimeError):
    """Trino can't be fetched or doesn't start."""


def find_java(environment: Mapping[str, str] = os.environ) -> Java | None:
    """The first Java that is new enough: TRINO_JAVA_HOME's, JAVA_HOME's, or one below /usr/lib/jvm."""
    named = [environment[name] for name in ("TRINO_JAVA_HOME", "JAVA_HOME") if environment.get(name)]
    for home in [*map(Path, named), *sorted(Path("/usr/lib/jvm").glob("*"))]:
        java = ask_java(home / "bin" / "java")
        if java and java.release >= OLDEST_JAVA:
            return java
    return None


def fetch(cache: Path | None = None) -> Path:
    """The folder of the unpacked server with the Iceberg plugin, fetched with Maven when it isn't there
    yet."""
    cache = cache or _cache()
    folder = cache / f"trino-{VERSION}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as scratch:
        root = Path(scratch, "unpacked")
        with tarfile.open(_fetch_file(*_SERVER, Path(scratch))) as archive:
            archive.extractall(root, filter="data")
        with zipfile.ZipFile(_fetch_file(*_ICEBERG, Path(scratch))) as archive:
            archive.extractall(root)  # noqa: S202 - pinned by its hash
        server = root / f"trino-server-core-{VERSION}"
        plugins = server / "plugin"
        plugins.mkdir(exist_ok=True)
        (root / f"trino-iceberg-{VERSION}").rename(plugins / "iceberg")
        # A rename is all or nothing, so a folder of that name is always a whole one.
        server.rename(folder)
    return folder


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "healthlake" / "trino"


def _fetch_file(artifact: str, sha256: str, folder: Path) -> Path:
    mvn = shutil.which("mvn")
    if mvn is None:
        raise TrinoError("fetching Trino: Apache Maven (mvn) is not on PATH; install it")
    command = [mvn, "-q", "-B", _COPY_GOAL, f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
    done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise TrinoError(f"mvn could not fetch {artifact} (exit {done.returncode}):\n{done.stdout[-2000:]}")
    _, name, version, kind = artifact.split(":")
    path = folder / f"{name}-{version}.{kind}"
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise TrinoError(f"{path.name} has the SHA-256 {found}, expected {sha256}")
    return path


class TrinoServer:
    """A running server; close it. `endpoint` is where the emulator listens."""

    def __init__(self, java: Java, home: Path, folder: Path, endpoint: str) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        etc = folder / "etc"
        (etc / "catalog").mkdir(parents=True)
        (etc / "config.properties").write_text(_properties(self._config()))
        (etc / "log.properties").write_text("io.trino=WARN\n")
        (etc / "catalog" / "awsdatacatalog.properties").write_text(_properties(_catalog(endpoint)))
        command = [
            str(java.home / "bin" / "java"),
            "-cp",
            f"{home}/lib/*",
            *_JVM,
            "-Dnode.environment=test",
            "-Dnode.id=test",
            f"-Dnode.data-dir={folder / 'data'}",
            f"-Dconfig={etc / 'config.properties'}",
            f"-Dlog.levels-file={etc / 'log.properties'}",
            f"-Dcatalog.config-dir={etc / 'catalog'}",
            f"-Dplugin.dir={home / 'plugin'}",
            "io.trino.server.TrinoServer",
        ]
        with self.log.open("wb") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - fixed arguments, no shell
                command, cwd=folder, stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )

    def wait(self, answers: Callable[[], bool]) -> None:
        """Waits until `answers`, a query on a table, is true: the server itself says that it is up
        earlier."""
        until = time.monotonic() + _START_SECONDS
        while not (self._listens() and answers()):
            if self._process.poll() is not None or time.monotonic() > until:
                tail = self.log.read_text("utf-8", errors="replace")[-3000:]
                raise TrinoError(f"Trino did not come up (exit {self._process.poll()}):\n{tail}")
            time.sleep(0.2)

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listens(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/v1/info", timeout=5) as answer:  # noqa: S310 - loopback
                return b'"starting":false' in answer.read()
        except (urllib.error.URLError, OSError):
            return False

    def _config(self) -> dict[str, str]:
        return {
            "coordinator": "true",
            "http-server.log.enabled": "false",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": str(self.port),
            "node.internal-address": "127.0.0.1",
            "node.bind-ip": "127.0.0.1",
            "discovery.uri": self.url,
            "query.max-memory": "1GB",
            "query.max-memory-per-node": "1GB",
            "memory.heap-headroom-per-node": "512MB",
            "task.concurrency": "2",
            "catalog.management": "static",
        }


def _catalog(endpoint: str) -> dict[str, str]:
    keys = {"aws-access-key": "testing", "aws-secret-key": "testing"}
    glue = {"region": "eu-central-1", "endpoint-url": endpoint, "default-warehouse-dir": "s3://lake/", **keys}
    s3 = {"endpoint": endpoint, "region": "eu-central-1", "path-style-access": "true", **keys}
    return {
        "connector.name": "iceberg",
        "iceberg.catalog.type": "glue",
        "iceberg.file-format": "PARQUET",
        "fs.native-s3.enabled": "true",
        **{f"hive.metastore.glue.{name}": value for name, value in glue.items()},
        **{f"s3.{name}": value for name, value in s3.items()},
    }


def _properties(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
