"""Every way into the code location loads the same one, without a lake, the network, Spark or AWS."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._cli.workspace.cli_target import WorkspaceOpts, workspace_opts_to_load_target
from dagster._config import process_config
from dagster._core.instance.config import dagster_instance_config_schema
from dagster._core.workspace.load_target import PyProjectFileTarget, WorkspaceFileTarget, WorkspaceLoadTarget

from healthlake_dagster import definitions
from healthlake_dagster.runs import LOCATION
from tests.conftest import REPOSITORY
from tests.dagster.conftest import ALL_ASSETS, settings_of

_LOAD = """
import importlib, json, sys
found = importlib.import_module(sys.argv[1]).defs()
keys = sorted(key.to_user_string() for key in found.resolve_asset_graph().get_all_asset_keys())
print(json.dumps({"keys": keys, "aws_or_spark": sorted({"pyspark", "boto3", "botocore"} & set(sys.modules))}))
"""


def targets(load_target: WorkspaceLoadTarget) -> list[tuple[str, str | None]]:
    """Module and location name of every origin that a workspace names."""
    with dg.DagsterInstance.ephemeral():
        return [
            (origin.loadable_target_origin.module_name, origin.location_name)
            for origin in load_target.create_origins()
        ]


@pytest.fixture
def in_the_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)


@pytest.mark.usefixtures("in_the_clone")
def test_workspace_yaml_and_tool_dg_load_one_module_under_one_location_name() -> None:
    by_workspace = targets(WorkspaceFileTarget(paths=["workspace.yaml"]))
    by_pyproject = targets(PyProjectFileTarget("pyproject.toml"))
    assert by_workspace == by_pyproject == [(LOCATION, LOCATION)]


@pytest.mark.usefixtures("in_the_clone")
def test_a_bare_dagster_dev_in_the_clone_reads_tool_dg() -> None:
    found = workspace_opts_to_load_target(WorkspaceOpts())
    assert isinstance(found, PyProjectFileTarget)


def test_dagster_cloud_yaml_names_the_same_location() -> None:
    cloud = yaml.safe_load((REPOSITORY / "dagster_cloud.yaml").read_text())
    (location,) = cloud["locations"]
    assert location["location_name"] == LOCATION
    assert location["code_source"] == {"module_name": LOCATION}


def test_tool_dg_names_the_module_that_exists() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    assert project["code_location_target_module"] == definitions.__name__ == LOCATION


def test_the_location_loads_in_a_fresh_process_without_a_lake_spark_aws_or_an_engine(tmp_path: Path) -> None:
    absent = tmp_path / "no-lake"
    environment = {
        "PATH": os.environ["PATH"],
        "HEALTHLAKE_LAKE": str(absent),
        "PYTHONWARNINGS": "error",
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _LOAD, LOCATION],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"keys": sorted(ALL_ASSETS), "aws_or_spark": []}
    assert not absent.exists()


def test_building_the_definitions_opens_no_connection(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    made = definitions.build_definitions(settings_of(lake / "absent"))
    dg.Definitions.validate_loadable(made)
    assert not (lake / "absent").exists()


def test_the_instance_config_of_the_deployment_is_what_the_installed_dagster_reads() -> None:
    config = yaml.safe_load((REPOSITORY / "deploy" / "dagster.yaml").read_text())
    result = process_config(dagster_instance_config_schema(), config)
    assert result.success, [error.message for error in result.errors or []]
    assert config["concurrency"]["runs"]["max_concurrent_runs"] == 1


def test_an_instance_is_made_from_the_config_of_the_deployment(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text((REPOSITORY / "deploy" / "dagster.yaml").read_text())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1
        assert instance.run_monitoring_enabled
        assert not instance.telemetry_enabled
