"""boto3's clients, made when they are first needed, and what AWS says as errors of this project.

AWS quotes names and arguments of a call, and no argument of ours holds a value of a record, so its words are
told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from healthlake.errors import HealthlakeError, UsageError

_CONNECT_SECONDS, _READ_SECONDS = 10, 60


class AwsError(HealthlakeError):
    """AWS refused a call, or wasn't reached; `code` is AWS's own ("" where it wasn't reached)."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


def aws_client(service: str, region: str | None, attempts: int) -> Any:
    """A client of its own session. With `attempts` of 1 nothing is sent twice."""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise UsageError(
            f"reaching AWS {service}: boto3 is not installed. Run `pip install 'healthlake[aws]'`."
        ) from None
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
    )
    try:
        # boto3's types know a service by its literal name only.
        session: Any = boto3.session.Session(region_name=region)
        return session.client(service, config=config)
    except BotoCoreError as error:
        raise UsageError(f"reaching AWS {service}: {error}. Set AWS_REGION and credentials.") from None


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """What AWS says while doing `what` becomes an `AwsError`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        code = said.get("Code", "")
        raise AwsError(f"{what}: AWS answered {code}: {said.get('Message', '')}", code) from None
    except BotoCoreError as error:
        raise AwsError(f"{what}: AWS was not reached: {type(error).__name__}") from None
