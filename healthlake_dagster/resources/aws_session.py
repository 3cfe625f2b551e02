"""The boto3 session of a region and a role. Makes no call: credentials are fetched by the first request.

Refuses to know keys: they come from where boto3 looks for them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from healthlake.errors import UsageError

if TYPE_CHECKING:
    import boto3


def aws_session(region: str | None, role: str | None) -> boto3.Session:
    """A session in `region` (the environment's for None) that acts as `role` (an ARN) where one is given.

    The role's credentials renew themselves: a backfill outlives the hour that they are good for. Raises
    `UsageError` where boto3 is not installed.
    """
    try:
        import boto3
        import botocore.session
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    except ImportError:
        raise UsageError(
            "connecting to AWS: boto3 is not installed. Run `pip install 'healthlake[aws]'`."
        ) from None
    if role is None:
        return boto3.Session(region_name=region)
    own = botocore.session.get_session()
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=functools.partial(own.create_client, region_name=region),
        source_credentials=own.get_credentials(),
        role_arn=role,
        extra_args={"RoleSessionName": "healthlake"},
    )
    acting = botocore.session.get_session()
    renewed = DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)
    # botocore's own set_credentials takes keys that don't renew themselves.
    vars(acting)["_credentials"] = renewed
    return boto3.Session(botocore_session=acting, region_name=region)
