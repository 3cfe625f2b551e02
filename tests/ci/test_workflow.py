"""The workflow that users copy: its own steps, run by bash as the runner runs them, on good drops and on one
that a rule must refuse. Only the actions of others and the installation are left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.dagster.drops import land_three_days
from tests.world import World, day, patient

WORKFLOW = yaml.safe_load((REPOSITORY / "deploy" / "ci" / "healthlake-checks.yml").read_text("utf-8"))
STEPS = WORKFLOW["jobs"]["checks"]["steps"]
INSTALL = "Install healthlake"
ALWAYS = {"${{ always() }}", "${{ !cancelled() && steps.land.outcome == 'success' }}"}
"""The conditions that hold after a failed step, if the drops were landed."""


@dataclass(slots=True)
class Runner:
    """A checkout, and the little of GitHub's runner that the steps rely on."""

    workspace: Path
    ran: list[str] = field(default_factory=list)
    failed: str = ""
    code: int = 0
    output: str = ""

    @property
    def summary(self) -> str:
        return (self.workspace / "summary.md").read_text("utf-8")

    def run(self) -> Runner:
        exported = self.workspace / "exported"
        exported.touch()
        for step in STEPS:
            if "run" not in step or step["name"] == INSTALL:
                continue
            assert step.get("if") in {None, *ALWAYS}, "a condition that this runner doesn't know"
            if self.failed and "if" not in step:
                continue
            done = self._shell(step, exported)
            self.ran.append(step["name"])
            self.output += done.stdout + done.stderr
            if done.returncode and not self.failed:
                self.failed, self.code = step["name"], done.returncode
        return self

    def _shell(self, step: dict[str, Any], exported: Path) -> subprocess.CompletedProcess[str]:
        script = self.workspace / "step.sh"
        script.write_text(step["run"], "utf-8")
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("HEALTHLAKE_", "DAGSTER_"))}
        said = dict(line.split("=", 1) for line in exported.read_text("utf-8").splitlines())
        environment = {
            **kept,
            **WORKFLOW["env"],
            **said,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "GITHUB_ENV": str(exported),
            "GITHUB_STEP_SUMMARY": str(self.workspace / "summary.md"),
        }
        # As the runner calls it for `shell: bash`.
        return subprocess.run(  # noqa: S603
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],  # noqa: S607
            cwd=self.workspace,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with three good sample drops."""
    lake = tmp_path / "made"
    land_three_days(lake)
    workspace = tmp_path / "checkout"
    workspace.mkdir()
    with World(lake) as world:
        shutil.copytree(world.layout.drop(day(1)).parent, workspace / WORKFLOW["env"]["SAMPLES"])
    return workspace


def test_good_drops_pass_and_leave_the_answers_for_the_next_steps(checkout: Path) -> None:
    runner = Runner(checkout).run()
    assert (runner.code, runner.failed) == (0, ""), runner.output
    assert runner.ran == [step["name"] for step in STEPS if "run" in step and step["name"] != INSTALL]
    assert runner.summary.startswith("## healthlake check, 2026-01-01 to 2026-01-03\n")
    assert " 0 failed." in runner.summary
    (keep,) = [step for step in STEPS if step.get("uses", "").startswith("actions/upload-artifact@")]
    assert (checkout / keep["with"]["path"]).stat().st_size > 0


def test_a_gender_that_fhir_does_not_know_fails_the_pull_request_and_the_summary_names_the_rule(
    checkout: Path,
) -> None:
    with World(checkout / "aside") as world:
        bad = world.put_resources(day(3), "bad.ndjson", [patient("p9", gender="M")])
    for name in ("dt=2026-01-01", "dt=2026-01-02"):
        shutil.rmtree(checkout / "samples" / name)
    shutil.move(bad, checkout / "samples" / "dt=2026-01-03" / "bad.ndjson")
    runner = Runner(checkout).run()
    assert (runner.code, runner.failed) == (1, "Check"), runner.output
    assert (
        "| ❌ fail | `silver_patient_history` | `gender_in_value_set` | 2026-01-03 | 1 of " in runner.summary
    )
    assert (checkout / "checks.xml").exists()


def test_samples_that_are_not_there_are_said_and_nothing_else_runs(checkout: Path) -> None:
    shutil.rmtree(checkout / "samples")
    runner = Runner(checkout)
    land = next(step for step in STEPS if step.get("id") == "land")
    (checkout / "exported").touch()
    done = runner._shell(land, checkout / "exported")
    assert (done.returncode, done.stdout) == (1, "::error::no folder dt=YYYY-MM-DD in samples\n")


def test_what_is_installed_is_the_locked_clone_in_a_python_that_it_supports() -> None:
    (install,) = [step["run"] for step in STEPS if step.get("name") == INSTALL]
    locked, own = install.splitlines()
    assert '--require-hashes -r "$SOURCE/requirements.txt"' in locked
    # Editable, for gold's SQL lies beside the packages, not in them; the lock has all that it needs.
    assert '--no-deps --no-build-isolation --editable "$SOURCE"' in own
    assert (REPOSITORY / WORKFLOW["env"]["SOURCE"] / "requirements.txt").exists()
    (python,) = [step for step in STEPS if step.get("uses", "").startswith("actions/setup-python@")]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    low, high = (part.strip("><=") for part in project["requires-python"].split(","))
    minor = int(python["with"]["python-version"].split(".")[1])
    assert int(low.split(".")[1]) <= minor < int(high.split(".")[1])


def test_pull_requests_start_it_and_it_may_only_read() -> None:
    # YAML 1.1 reads the key `on` as true.
    assert "pull_request" in WORKFLOW[True]
    assert WORKFLOW["permissions"] == {"contents": "read"}
