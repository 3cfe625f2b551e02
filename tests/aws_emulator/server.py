"""moto's server in this process, with this project's Glue and Athena in place of moto's.

moto's state is the process's: one emulator a process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tests.aws_emulator import athena, glue

REGION = "eu-central-1"


class AwsEmulator:
    """A running emulator; use as a context manager, or close it. `glue` and `athena` say what goes wrong on
    demand."""

    def __init__(self, port: int = 0) -> None:
        self.glue = glue.install()
        self.athena = athena.install()
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        self._server.start()
        host, bound = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{bound}"
        self.glue.endpoint = self.athena.endpoint = self.endpoint

    def __enter__(self) -> AwsEmulator:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs to take this for AWS."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator, whatever the environment says."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto's
        )

    def close(self) -> None:
        """Ends what runs, then the server."""
        self.glue.close()
        self.athena.close()
        self._server.stop()
