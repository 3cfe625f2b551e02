"""Options that several commands of `healthlake` share."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])


def lake_option(function: F) -> F:
    lake = click.option(
        "--lake",
        metavar="DIR",
        help="Root of the lake, a folder or s3://BUCKET/PREFIX; default HEALTHLAKE_LAKE, else ./lake.",
    )
    profile = click.option(
        "--profile",
        type=click.Choice(["local", "aws"]),
        expose_value=False,
        callback=_set_profile,
        help="What does the work; default HEALTHLAKE_PROFILE, else as the lake asks for.",
    )
    return lake(profile(function))


def _set_profile(context: click.Context, parameter: click.Parameter, given: str | None) -> None:
    # For the processes that the command starts too.
    if given:
        os.environ["HEALTHLAKE_PROFILE"] = given


def days_options(function: F) -> F:
    first = click.option("--from", "first", metavar="DAY", required=True, help="First day, YYYY-MM-DD.")
    last = click.option("--to", "last", metavar="DAY", help="Last day, included; default the first.")
    return first(last(function))


def form_option(function: F) -> F:
    return click.option(
        "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
    )(function)


def wanted_options(function: F) -> F:
    first = click.option("--from", "first", metavar="DAY", help="First day; default all days.")
    last = click.option("--to", "last", metavar="DAY", help="Last day, included.")
    reason = click.option("--reason", metavar="REASON", help="One of docs/quarantine.md.")
    return first(last(reason(function)))
