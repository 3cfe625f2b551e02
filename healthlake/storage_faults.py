"""Tells a full disk, a read-only lake and what AWS refuses from faults of ours, whichever library met
them."""

from __future__ import annotations

from collections.abc import Mapping

_SAID: Mapping[str, str] = {
    "no space left on device": "the disk is full",
    "database or disk is full": "the disk is full",
    "disk i/o error": "the disk is full, or broken",
    "disk quota exceeded": "the disk quota is used up",
    "read-only file system": "the file system is read-only",
    "attempt to write a readonly database": "the file system is read-only",
    "permission denied": "the permission to write is missing",
    "unable to open database file": "the lake's folder can't be written",
}
"""What the operating system, SQLite and DuckDB say, in lower case, and what it means."""


_AWS: Mapping[str, str] = {
    "NoCredentialsError": "no credentials were found. Give them where AWS's clients look for them",
    "PartialCredentialsError": "the credentials are not whole. Correct them",
    "NoRegionError": "no region was found. Set AWS_REGION",
    "EndpointConnectionError": "AWS could not be reached. Look at AWS_REGION and AWS_ENDPOINT_URL",
    "ConnectTimeoutError": "AWS could not be reached. Look at the network and AWS_REGION",
    "ReadTimeoutError": "AWS gave no answer in time",
    "TokenRetrievalError": "the login has expired. Log in again (`aws sso login`)",
    "UnauthorizedSSOTokenError": "the login has expired. Log in again (`aws sso login`)",
    "ConnectionClosedError": "AWS closed the connection. Look at the network",
    "ProxyConnectionError": "the proxy could not be reached. Look at HTTPS_PROXY and NO_PROXY",
    "SSLError": "TLS failed. Look at AWS_ENDPOINT_URL, AWS_CA_BUNDLE and the proxy",
    "CredentialRetrievalError": "the credentials' own source failed. Look at credential_process or the role",
    "ConfigParseError": "AWS's configuration file can't be read. Correct it (AWS_CONFIG_FILE)",
    "ConfigNotFound": "there is no such configuration file. Set AWS_CONFIG_FILE",
    "ProfileNotFound": "there is no such profile. Set AWS_PROFILE",
}
"""boto3's errors by class, and what they mean."""


_NOT_SET_UP = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "NoRegionError",
    "ProfileNotFound",
    "ConfigParseError",
    "ConfigNotFound",
)


def is_not_set_up(error: BaseException) -> bool:
    """Whether AWS was never asked: what boto3 needs for that was not given."""
    return type(error).__name__ in _NOT_SET_UP


def boto_meaning(error: BaseException) -> str | None:
    """What an error of boto3 means and what to do, without a full stop; None for others."""
    is_boto = type(error).__module__.startswith(("botocore", "boto3"))
    return _AWS.get(type(error).__name__) if is_boto else None


def storage_fault(error: BaseException) -> str | None:
    """A sentence on what is wrong with the lake's storage and what to do; None where it is something else.

    The exception's own words are looked at and never told: they may quote a path or a value.
    """
    seen: BaseException | None = error
    while seen is not None:
        if fault := _aws_fault(seen):
            return fault
        words = str(seen).lower()
        for said, meaning in _SAID.items():
            if said in words:
                return (
                    f"writing to the lake failed: {meaning}. What was published before stays, and nothing"
                    " half was published. Mend that (see `df` and `mount` for the lake's file system),"
                    " then run the command again."
                )
        seen = seen.__cause__ or seen.__context__
    return None


def _aws_fault(error: BaseException) -> str | None:
    """What boto3 raised, told without boto3: it needn't be installed."""
    if meaning := boto_meaning(error):
        return f"asking AWS failed: {meaning}, then run the command again."
    response, operation = getattr(error, "response", None), getattr(error, "operation_name", None)
    if not isinstance(response, dict) or operation is None:
        return None
    code = response.get("Error", {}).get("Code", "no code")
    return (
        f"AWS answered {code} to {operation}. What was published before stays, and nothing half was"
        " published. Look at the role's rights and at the lake's bucket and region (docs/aws.md), then run"
        " the command again."
    )
