"""What AWS says to calls that are not the lake's own, as errors of this project.

AWS quotes names and arguments of a call, and no argument of ours holds a value of a record, so its words are
told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from healthlake.errors import HealthlakeError

_SERVER_FAILED = 500


class AwsError(HealthlakeError):
    """AWS refused a call, or gave no answer. `code` is AWS's own ("" without one); where `is_unknown`, the
    call may have been carried out."""

    def __init__(self, text: str, code: str = "", is_unknown: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.is_unknown = is_unknown


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """What AWS says while doing `what` becomes an `AwsError`."""
    from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        code = said.get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        text = f"{what}: AWS answered {code}: {said.get('Message', '')}"
        raise AwsError(text, code, status >= _SERVER_FAILED) from None
    except (ConnectionError, HTTPClientError) as error:
        raise AwsError(
            f"{what}: AWS gave no answer ({type(error).__name__}). Look at the network, AWS_REGION and"
            " AWS_ENDPOINT_URL, then run the command again: it waits for a run that goes on.",
            is_unknown=True,
        ) from None
    except BotoCoreError as error:
        raise AwsError(f"{what}: the call can't be made: {error}") from None
