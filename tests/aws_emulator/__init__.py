"""AWS on this machine, which really executes: S3 and the Glue catalog are moto's, Glue jobs run their
scripts, Athena runs its SQL.

`python -m tests.aws_emulator` serves it until it is interrupted.
"""

from tests.aws_emulator.server import AwsEmulator

__all__ = ["AwsEmulator"]
