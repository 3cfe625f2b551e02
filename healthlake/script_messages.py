"""Where the messages of a script go: to Dagster, if it started the script, else to stderr as lines.

Dagster's protocol is Pipes: a script that Dagster started beside itself is told by a variable where to write,
one on Glue by arguments, and writes to S3. boto3 is needed on Glue only.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from healthlake.errors import UsageError
from healthlake.messages import Message, hear, job_report
from healthlake.report import Listener, report_lines

SECONDS_ARGUMENT = "--healthlake-message-seconds"
"""How long a script on Glue gathers messages before it writes them, whole seconds."""

_VARIABLE = "DAGSTER_PIPES_MESSAGES"
_DEFAULT_SECONDS = 2
_ATTEMPTS = 10


@contextlib.contextmanager
def script_messages(argv: Sequence[str]) -> Iterator[Callable[[Message], None]]:
    """What sends a message. All are delivered when the context ends."""
    # The wire format of Pipes, without Dagster; not needed where a script is run by hand.
    if "--dagster-pipes-messages" in argv:
        with _open_on_s3(argv) as pipes:
            yield pipes.report_custom_message
    elif _VARIABLE in os.environ:
        from dagster_pipes import open_dagster_pipes

        with open_dagster_pipes() as pipes:
            yield pipes.report_custom_message
    else:
        yield _show


def _open_on_s3(argv: Sequence[str]) -> Any:
    import boto3
    from botocore.config import Config
    from dagster_pipes import (
        PipesCliArgsParamsLoader,
        PipesS3ContextLoader,
        PipesS3MessageWriter,
        open_dagster_pipes,
    )

    # A chunk that can't be written ends the thread of Pipes (1.13.27) that writes, and with it all later
    # messages, so S3 is tried for long.
    client = boto3.client("s3", config=Config(retries={"mode": "standard", "total_max_attempts": _ATTEMPTS}))
    return open_dagster_pipes(
        params_loader=PipesCliArgsParamsLoader(),  # type: ignore[no-untyped-call]
        context_loader=PipesS3ContextLoader(client),
        message_writer=PipesS3MessageWriter(client, interval=_seconds(argv)),
    )


def _seconds(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(SECONDS_ARGUMENT, dest="seconds", default=str(_DEFAULT_SECONDS))
    text: str = parser.parse_known_args(list(argv))[0].seconds
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(f"reading the arguments: {SECONDS_ARGUMENT} is {text!r}, expected a number from 0.")
    return int(text)


def _show(message: Message) -> None:
    hear(message, Listener(say=_say, split=_say_split))
    if report := job_report(message) if "report" in message else None:
        for line in report_lines(report):
            _say(line)


def _say(line: str) -> None:
    sys.stderr.write(f"{datetime.datetime.now(datetime.UTC):%H:%M:%S} {line}\n")


def _say_split(day: datetime.date, done: int, total: int, entries: int) -> None:
    _say(f"{day}: {done / 1e6:,.1f} of {total / 1e6:,.1f} MB split, {entries:,} entries")
