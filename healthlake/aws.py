"""boto3's sessions and clients, made in one place when they are first needed, and where AWS is asked.

Makes no call: credentials are fetched by the first request, from where boto3 looks for them. Refuses to know
keys.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from healthlake.errors import UsageError
from healthlake.storage_faults import boto_meaning

if TYPE_CHECKING:
    import boto3

_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_ENDPOINT = "AWS_ENDPOINT_URL"


def aws_region(environment: Mapping[str, str] = os.environ) -> str | None:
    """The region that the environment names; None for the one that the profile of boto3 has."""
    return environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None


def aws_endpoint(service: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Another place than AWS for `service` (s3, glue, athena), by the variables that AWS's own clients obey;
    Arrow and Java don't. `UsageError` where a variable is no address."""
    for variable in (f"{_ENDPOINT}_{service.upper()}", _ENDPOINT):
        if address := environment.get(variable):
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise UsageError(
                    f"reaching AWS {service}: {variable} is {address!r}, expected http://HOST:PORT or"
                    " https://HOST. Correct it, or unset it for AWS itself."
                )
            return address
    return None


def aws_session(region: str | None = None, role: str | None = None) -> boto3.Session:
    """A session of its own in `region` (boto3's for None) that acts as `role` (an ARN) where one is given.

    boto3's default session keeps the credentials that it found first. A role's renew themselves: a backfill
    outlives the hour that they are good for. Raises `UsageError` where boto3 is not installed, and with the
    first request where AWS refuses the role.
    """
    try:
        import boto3
        import botocore.session
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
        from botocore.exceptions import ClientError, NoCredentialsError
    except ImportError:
        raise UsageError("reaching AWS: boto3 is missing. Run pip install 'healthlake[aws]'.") from None
    if role is None:
        return boto3.Session(region_name=region)
    own = botocore.session.get_session()
    if (credentials := own.get_credentials()) is None:
        raise NoCredentialsError
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=functools.partial(own.create_client, region_name=region),
        source_credentials=credentials,
        role_arn=role,
        extra_args={"RoleSessionName": "healthlake"},
    )

    def renew() -> Any:
        try:
            return fetcher.fetch_credentials()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "no code")
            raise UsageError(
                f"assuming the role {role}: AWS answered {code}. Correct HEALTHLAKE_ATHENA_ROLE, or let the"
                " role trust who runs this."
            ) from None

    acting = botocore.session.get_session()
    renewed = DeferredRefreshableCredentials(method="assume-role", refresh_using=renew)
    # botocore's own set_credentials takes keys that don't renew themselves.
    vars(acting)["_credentials"] = renewed
    return boto3.Session(botocore_session=acting, region_name=region)


def aws_client(
    service: str, session: boto3.Session | None = None, *, attempts: int, connections: int = 10
) -> Any:
    """A client of `session`, or of one of its own. With `attempts` of 1 nothing is sent twice; `connections`
    is how many threads it serves at once.

    Raises `UsageError` where what boto3 was given can't make a client: its type is told, not its words.
    """
    aws_endpoint(service)
    session = session or aws_session(aws_region())
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        max_pool_connections=connections,
    )
    try:
        # boto3's types know a service by its literal name only.
        make: Any = session.client
        return make(service, config=config)
    except (BotoCoreError, ValueError) as error:
        told = boto_meaning(error) or f"{type(error).__name__}. Look at AWS_PROFILE and its configuration"
        raise UsageError(f"reaching AWS {service}: {told}.") from None
