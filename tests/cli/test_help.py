"""Help is where a user starts: every command says what it does, with an example that is a command."""

from __future__ import annotations

import re

import pytest

from healthlake_dagster.cli import cli
from tests.cli.conftest import Command

COMMANDS = (
    "check",
    "demo",
    "land",
    "materialize",
    "quarantine",
    "rebuild",
    "report",
    "revisions",
    "sql",
    "trace",
)


def test_the_command_alone_and_its_help_list_the_commands_with_a_first_example(healthlake: Command) -> None:
    answer = healthlake("--help")
    assert answer.code == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", answer.out, re.MULTILINE)
    assert "healthlake demo" in answer.out
    assert healthlake("-h") == answer


def test_every_command_is_known_here() -> None:
    assert tuple(sorted(cli.commands)) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help_shows_an_example_of_it(healthlake: Command, command: str) -> None:
    answer = healthlake(command, "--help")
    assert answer.code == 0
    assert f"Example: healthlake {command}" in " ".join(answer.out.split())
    assert "--lake" in answer.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_line_of_help_fits_into_eighty_columns(healthlake: Command, command: str) -> None:
    assert max(map(len, healthlake(command, "--help").out.splitlines())) <= 80


def test_the_version_is_the_packages(healthlake: Command) -> None:
    answer = healthlake("--version")
    assert answer.code == 0
    assert re.search(r"\d+\.\d+\.\d+", answer.out)


def test_an_unknown_command_is_misuse(healthlake: Command) -> None:
    answer = healthlake("matrialize")
    assert answer.code == 2
    assert "No such command" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("land",),
        ("land", "x"),
        ("materialize",),
        ("check",),
        ("sql",),
        ("sql", "SELECT 1", "--format", "xml"),
        ("quarantine", "--format", "xml"),
        ("quarantine", "replay", "now"),
        ("trace", "silver_dim_patient"),
    ],
)
def test_a_missing_or_wrong_argument_is_misuse(healthlake: Command, arguments: tuple[str, ...]) -> None:
    answer = healthlake(*arguments)
    assert answer.code == 2
    assert "Usage: healthlake" in answer.err and answer.out == ""
