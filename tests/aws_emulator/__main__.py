"""Serves an emulator on which `healthlake demo --profile aws` runs, until it is interrupted:

python -m tests.aws_emulator [PORT]
"""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
from pathlib import Path

from tests.aws_emulator.deployed import LAKE, RESULTS, deployed

_PORT = 5566


def main(port: int) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder, deployed(Path(folder), port) as emulator:
        settings = {
            **emulator.environment,
            "HEALTHLAKE_LAKE": LAKE,
            "HEALTHLAKE_HOME": f"{folder}/home",
            "HEALTHLAKE_ATHENA_OUTPUT": RESULTS,
        }
        sys.stdout.write("".join(f"export {name}={value}\n" for name, value in settings.items()))
        sys.stdout.write("# In another terminal, with these: healthlake demo --profile aws\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    # Waited for, so blocked: in every thread that is made from here on.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _PORT)
