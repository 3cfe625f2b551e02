"""Run Synthea, a generator of synthetic patients, from its Maven Central jars.

Shared by ``demo/make_drops.py`` and ``bench/synthea.py``. It fetches the jars of one pinned release into a
cache folder, runs the generator with fixed seeds and dates, and checks that every patient it reported is on
disk.

It refuses to use a jar whose SHA-256 is not the pinned one, to write into a folder that already holds
something, and to call a run good when Synthea lost a patient: Synthea prints the exceptions of its threads
and still exits with 0.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TextIO

VERSION = "3.3.0"
JAR_SHA256 = "4716d5140c0c69fb8bfca0790aac56e32c11d3bb2647d380fbfbd1117a735c73"
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>synthea-jars</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.mitre.synthea</groupId><artifactId>synthea</artifactId><version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""
# Files Synthea writes beside the patients, one each per run.
SHARED_PREFIXES = ("hospitalInformation", "practitionerInformation")
_PERSON = re.compile(r"^\d+ -- ")
_RECORDS = re.compile(r"^Records: total=(\d+), alive=(\d+), dead=(\d+)")
_PROGRESS_SECONDS = 20


class SyntheaError(RuntimeError):
    """The generator cannot run, or ran and gave less than it promised."""


@dataclass(frozen=True)
class Run:
    """One run of the generator. Everything that decides its output is in here."""

    population: int
    seed: int
    reference: date
    end: date
    years_of_history: int
    threads: int = 1
    state: str = "Massachusetts"
    properties: dict[str, str] = field(default_factory=dict)

    def arguments(self, out: Path) -> list[str]:
        """The command line after ``App``."""
        properties = {
            "exporter.baseDirectory": f"{out}/",
            "exporter.years_of_history": str(self.years_of_history),
            "exporter.metadata.export": "false",
            "generate.thread_pool_size": str(self.threads),
            **self.properties,
        }
        # fmt: off
        line = ["-p", str(self.population), "-s", str(self.seed), "-cs", str(self.seed),
                "-r", f"{self.reference:%Y%m%d}", "-e", f"{self.end:%Y%m%d}"]
        # fmt: on
        return [*line, *(f"--{key}={value}" for key, value in properties.items()), self.state]


def say(text: str) -> None:
    """A progress line, at once, to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def is_patient_file(path: Path) -> bool:
    """True for a patient's Bundle, False for the files of organisations and practitioners."""
    return not path.name.startswith(SHARED_PREFIXES)


def fetch_jars(cache: Path) -> Path:
    """The folder of Synthea's jars under ``cache``, filled with Maven when it is not there yet."""
    # Maven reads a relative path from its POM's folder.
    cache = cache.resolve()
    folder = cache / f"synthea-{VERSION}-jars"
    if folder.is_dir():
        _check_jar(folder)
        return folder
    mvn = _tool("mvn", "Apache Maven, which fetches Synthea from Maven Central")
    _tool("java", "a Java runtime, version 11 or 17")
    cache.mkdir(parents=True, exist_ok=True)
    say(f"fetching Synthea {VERSION} and what it needs (about 210 MB) into {folder}")
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as scratch:
        pom, jars = Path(scratch, "pom.xml"), Path(scratch, "jars")
        pom.write_text(POM, encoding="utf-8")
        command = [mvn, "-q", "-B", "-f", str(pom), COPY_GOAL, f"-DoutputDirectory={jars}"]
        done = subprocess.run(  # noqa: S603  (fixed arguments, no shell)
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode != 0:
            raise SyntheaError(f"mvn could not fetch Synthea (exit {done.returncode}):\n{_tail(done.stdout)}")
        _check_jar(jars)
        # A rename is all or nothing, so a folder of that name is always a whole one.
        jars.rename(folder)
    return folder


def generate(jars: Path, out: Path, run: Run) -> Path:
    """Run Synthea into ``out`` (which must be empty or absent); returns the folder of the Bundles."""
    java = _tool("java", "a Java runtime, version 11 or 17")
    # Java starts in `out`, where a relative path would mean something else.
    jars, out = jars.resolve(), out.resolve()
    if out.exists() and any(out.iterdir()):
        raise SyntheaError(f"{out} is not empty; Synthea adds to what it finds, so give it a fresh folder")
    out.mkdir(parents=True, exist_ok=True)
    # Offsets in the records follow the machine's zone, and file names its character set.
    fixed = ["-Duser.timezone=UTC", "-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8"]
    command = [java, *fixed, "-cp", f"{jars}/*", "App", *run.arguments(out)]
    log = out / "synthea.log"
    with log.open("w", encoding="utf-8") as sink:
        process = subprocess.Popen(  # noqa: S603  (fixed arguments, no shell)
            command,
            cwd=out,
            env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        total = _follow(process, sink)
    text = log.read_text(encoding="utf-8")
    if process.returncode != 0:
        raise SyntheaError(f"java exited with {process.returncode}; the end of {log}:\n{_tail(text)}")
    found = sum(is_patient_file(path) for path in (out / "fhir").glob("*.json"))
    if total is None or found != total:
        raise SyntheaError(f"Synthea told of {total} patients, wrote {found}; see {log}:\n{_tail(text)}")
    return out / "fhir"


def sha256(data: bytes) -> str:
    """The digest as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


def _follow(process: subprocess.Popen[str], sink: TextIO) -> int | None:
    """Copy the output into ``sink``, tell of progress, return the number of records Synthea claims."""
    total, people, told = None, 0, time.monotonic()
    for line in process.stdout or ():
        sink.write(line)
        people += bool(_PERSON.match(line))
        if match := _RECORDS.match(line):
            total = int(match[1])
        if time.monotonic() - told > _PROGRESS_SECONDS:
            told = time.monotonic()
            say(f"  {people} patients so far")
    process.wait()
    return total


def _check_jar(folder: Path) -> None:
    jar = folder / f"synthea-{VERSION}.jar"
    if not jar.is_file():
        raise SyntheaError(f"{jar} is not there; remove {folder} and start again")
    digest = sha256(jar.read_bytes())
    if digest != JAR_SHA256:
        raise SyntheaError(f"{jar} has SHA-256 {digest}, not the pinned {JAR_SHA256}; remove {folder}")


def _tool(name: str, what: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise SyntheaError(f"`{name}` is not on PATH: install {what}")
    return path


def _tail(text: str, lines: int = 20) -> str:
    return "\n".join(text.splitlines()[-lines:])
