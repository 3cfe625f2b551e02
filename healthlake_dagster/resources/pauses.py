"""Pauses between questions to a service: longer each time, never in step with another asker, and none beyond
a deadline."""

from __future__ import annotations

import random
import time

_GROWTH = 1.5


class Pauses:
    """Seconds from `shortest` to `longest`; the deadline is so many seconds from now."""

    def __init__(self, shortest: float, longest: float, deadline: float) -> None:
        self._shortest, self._longest = shortest, longest
        self._upper = shortest
        self._end = time.monotonic() + deadline

    @property
    def are_over(self) -> bool:
        """Whether the deadline has come."""
        return time.monotonic() >= self._end

    def reset(self) -> None:
        """Begins with short ones again: something has changed."""
        self._upper = self._shortest

    def pause(self) -> float:
        """Waits, and returns how long."""
        jittered = random.uniform(self._shortest, self._upper)  # noqa: S311 - no secret
        seconds = max(min(jittered, self._end - time.monotonic()), 0.0)
        time.sleep(seconds)
        self._upper = min(self._upper * _GROWTH, self._longest)
        return seconds
