"""Dagster Pipes through a folder in S3: the context that a script reads, and the messages that it writes.

dagster-aws (0.29.27) puts both at random places, so that nobody could find them again, leaves them there, and
reads at most one file of messages a second, the last of them for ten seconds. Here the caller names the
folder, reads when it wants to, and empties it.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import dagster as dg
from dagster._core.pipes.context import PipesMessageHandler
from dagster_pipes import PipesContextData, PipesParams

from healthlake.aws import aws_client, aws_session
from healthlake_dagster.resources.aws_errors import AwsError, aws_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

_ATTEMPTS = 10
_CONTEXT = "context.json"
_MESSAGE = re.compile(r"[0-9a-f]{32}/(context|\d+)\.json")
"""A key below the folder of all calls: `GlueCall.folder`, and what is put there."""


class S3Folder:
    """`name` below `uri` (`s3://bucket/folder`); a context manager, `AwsError` where S3 refuses."""

    def __init__(self, uri: str, name: str, region: str | None) -> None:
        address = urlsplit(uri)
        self.bucket = address.netloc
        base = address.path.strip("/")
        self._above = f"{base}/" if base else ""
        self.prefix = f"{self._above}{name}"
        self._client: S3Client = aws_client("s3", aws_session(region), attempts=_ATTEMPTS)

    def __enter__(self) -> S3Folder:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def put(self, name: str, text: str) -> None:
        with aws_errors(f"writing s3://{self.bucket}/{self.key(name)} (HEALTHLAKE_PIPES)"):
            self._client.put_object(Bucket=self.bucket, Key=self.key(name), Body=text.encode())

    def read(self, name: str) -> str | None:
        """None where there is no such object."""
        with aws_errors(f"reading s3://{self.bucket}/{self.key(name)} (HEALTHLAKE_PIPES)"):
            try:
                found = self._client.get_object(Bucket=self.bucket, Key=self.key(name))
            except self._client.exceptions.NoSuchKey:
                return None
            return found["Body"].read().decode()

    def clear(self) -> None:
        """Removes everything in the folder."""
        self._remove(f"{self.prefix}/", datetime.timedelta(0))

    def sweep(self, age: datetime.timedelta) -> None:
        """Removes messages older than `age` from the folders beside this one too: nobody came back to them.
        What else lies there is not ours."""
        self._remove(self._above, age)

    def _remove(self, prefix: str, age: datetime.timedelta) -> None:
        what = f"emptying s3://{self.bucket}/{prefix} (HEALTHLAKE_PIPES)"
        with aws_errors(what):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            for page in pages:
                keys: list[ObjectIdentifierTypeDef] = [
                    {"Key": each["Key"]}
                    for each in page.get("Contents", [])
                    if self._is_message(each["Key"]) and _is_older(each["LastModified"], age)
                ]
                if keys:
                    done = self._client.delete_objects(
                        Bucket=self.bucket, Delete={"Objects": keys, "Quiet": True}
                    )
                    for error in done.get("Errors", []):
                        raise AwsError(f"{what}: S3 answered {error.get('Code')}", error.get("Code", ""))

    def _is_message(self, key: str) -> bool:
        return _MESSAGE.fullmatch(key.removeprefix(self._above)) is not None


def _is_older(modified: datetime.datetime, age: datetime.timedelta) -> bool:
    return not age or modified < datetime.datetime.now(datetime.UTC) - age


class S3Context(dg.PipesContextInjector):
    """Puts the context into a folder, and leaves it there for a run that starts late."""

    def __init__(self, folder: S3Folder) -> None:
        self._folder = folder

    @contextmanager
    def inject_context(self, context_data: PipesContextData) -> Iterator[PipesParams]:
        self._folder.put(_CONTEXT, json.dumps(context_data))
        yield {"bucket": self._folder.bucket, "key": self._folder.key(_CONTEXT)}

    def no_messages_debug_text(self) -> str:
        return "The context was put into S3."


class S3Messages(dg.PipesMessageReader):
    """The messages that a script writes as 1.json, 2.json, … into a folder."""

    def __init__(self, folder: S3Folder) -> None:
        self._folder = folder
        self._next = 1
        self._handler: PipesMessageHandler | None = None

    @property
    def expected_writer_count(self) -> int:
        """As the base says it, which warns whoever asks that it is in preview."""
        return 1

    @contextmanager
    def read_messages(self, handler: PipesMessageHandler) -> Iterator[PipesParams]:
        self._handler = handler
        yield {"bucket": self._folder.bucket, "key_prefix": self._folder.prefix}

    def are_there(self) -> bool:
        """Whether a script wrote any."""
        return self._folder.read("1.json") is not None

    def read(self) -> None:
        """Hands on all that was written since the last time. S3 shows a file as soon as it is written, so
        nothing follows after a script's end."""
        if self._handler is None:
            raise RuntimeError("messages are read within read_messages")
        while (chunk := self._folder.read(f"{self._next}.json")) is not None:
            self._next += 1
            for line in chunk.splitlines():
                message: Any = json.loads(line)
                self._handler.handle_message(message)

    def no_messages_debug_text(self) -> str:
        return "Messages were looked for in S3."
