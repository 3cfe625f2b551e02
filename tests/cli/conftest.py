"""The command as a user runs it: arguments in, exit code and what it prints out. In this process, so that a
case costs milliseconds; test_entry_point.py starts the installed script."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from healthlake_dagster.cli import main
from tests.dagster.drops import DAYS, land_three_days


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Answer]


def invoke(*arguments: object) -> Answer:
    """Runs the command; no fault of a user may end in a traceback."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
    assert "Traceback" not in err.getvalue()
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture
def healthlake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """The command in an empty folder, without the environment's settings."""
    _clear_settings(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return invoke


@dataclass(frozen=True)
class Materialized:
    """A lake that the command filled, and what it said."""

    lake: Path
    answer: Answer


@pytest.fixture(scope="session")
def materialized(tmp_path_factory: pytest.TempPathFactory) -> Materialized:
    """`healthlake materialize` of the three days."""
    root = tmp_path_factory.mktemp("materialized") / "lake"
    land_three_days(root)
    with pytest.MonkeyPatch.context() as patch:
        _clear_settings(patch)
        return Materialized(root, invoke("materialize", "--from", DAYS[0], "--to", DAYS[2], "--lake", root))


@pytest.fixture
def filled(materialized: Materialized) -> Path:
    """A lake whose three days are in every table."""
    return materialized.lake


def _clear_settings(patch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("HEALTHLAKE_", "DAGSTER_"))]:
        patch.delenv(name)
