"""One writer a table; others wait and say so."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from healthlake.errors import WriterBusy
from healthlake.lake.layout import LakeLayout
from healthlake.lake.lock import writing
from healthlake.lake.scratch import scratch_folder


def test_a_second_writer_waits_for_the_first_and_says_which_table(lake: Path) -> None:
    layout, said, order = LakeLayout(lake), [], []
    waiting, entered = threading.Event(), threading.Event()

    def note(line: str) -> None:
        said.append(line)
        waiting.set()

    def second() -> None:
        entered.wait(10)
        with writing(layout, ["b", "a"], note):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with writing(layout, ["a"], said.append):
        entered.set()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert said == ["waiting: another run is writing a"]


def test_a_writer_that_waits_too_long_is_told_what_to_look_at(lake: Path) -> None:
    layout = LakeLayout(lake)
    with (
        writing(layout, ["a"], lambda line: None),
        pytest.raises(WriterBusy, match="writing a: another run has held its lock"),
        writing(layout, ["a"], lambda line: None, wait_seconds=0.1),
    ):
        raise AssertionError("both have the lock")


def test_locks_are_free_again_after_an_error(lake: Path) -> None:
    layout = LakeLayout(lake)
    with pytest.raises(RuntimeError), writing(layout, ["a", "b"], lambda line: None):
        raise RuntimeError
    with writing(layout, ["a", "b"], lambda line: None, wait_seconds=0.1):
        pass


def test_scratch_goes_at_the_end_and_what_a_killed_process_left_at_the_next_start(tmp_path: Path) -> None:
    root = tmp_path / "scratch"
    code = (
        "import os, pathlib, sys\n"
        "from healthlake.lake.scratch import scratch_folder\n"
        "manager = scratch_folder(pathlib.Path(sys.argv[1]))\n"
        "folder = manager.__enter__()\n"
        "(folder / 'spill').write_text('a value')\n"
        "os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], check=False)  # noqa: S603 - our own code
    assert done.returncode == 9
    assert list(root.rglob("spill"))
    with scratch_folder(root) as mine, scratch_folder(root) as other:
        assert not list(root.rglob("spill"))
        assert mine.is_dir()
        assert other.is_dir()
    assert not list(root.iterdir())
