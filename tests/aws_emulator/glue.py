"""Glue of the emulator: jobs that run their scripts, and a catalog that refuses lost updates."""

from __future__ import annotations

from moto.glue import models, urls

from tests.aws_emulator.glue_backend import LocalGlueBackend, LocalGlueResponse
from tests.aws_emulator.glue_control import Control, Plan

__all__ = ["Control", "Plan", "install"]


def install() -> Control:
    """Puts this project's Glue in place of moto's, with no jobs and an empty catalog."""
    control = Control()
    LocalGlueBackend.control = control
    # moto finds a backend's URLs beside the module that it says it is of.
    LocalGlueBackend.__module__ = models.GlueBackend.__module__
    urls.url_paths = {"{0}/$": LocalGlueResponse.dispatch}
    models.glue_backends.backend = LocalGlueBackend
    models.glue_backends.clear()
    return control
