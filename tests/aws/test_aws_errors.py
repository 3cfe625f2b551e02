"""What AWS says becomes an error of this project that knows whether the call may have been carried out."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from healthlake_dagster.resources.aws_errors import AwsError, aws_errors


def answer(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "so"}, "ResponseMetadata": {"HTTPStatusCode": status}},
        "StartJobRun",
    )


@pytest.mark.parametrize(
    ("raised", "code", "is_unknown", "text"),
    [
        (answer("AccessDeniedException", 400), "AccessDeniedException", False, "AccessDeniedException: so"),
        (
            answer("InternalServiceException", 500),
            "InternalServiceException",
            True,
            "InternalServiceException: so",
        ),
        (answer("ServiceUnavailable", 503), "ServiceUnavailable", True, "ServiceUnavailable: so"),
        (ReadTimeoutError(endpoint_url="x"), "", True, "no answer (ReadTimeoutError)"),
        (EndpointConnectionError(endpoint_url="x"), "", True, "no answer (EndpointConnectionError)"),
        (NoCredentialsError(), "", False, "Unable to locate credentials"),
    ],
)
def test_an_error_of_aws_says_what_was_being_done(
    raised: ClientError | BotoCoreError, code: str, is_unknown: bool, text: str
) -> None:
    with pytest.raises(AwsError) as caught, aws_errors("starting a run"):
        raise raised
    error = caught.value
    assert str(error).startswith("starting a run: ")
    assert text in str(error)
    assert (error.code, error.is_unknown) == (code, is_unknown)
    assert error.__cause__ is None
    assert error.__suppress_context__
