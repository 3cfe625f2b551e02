"""The page in a browser: every chart is drawn, nothing is complained about, nothing sticks out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from healthlake.quality_report import ReportData, render
from tests.report.synthetic import FIRST, LAST, report_data

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

_PROBE = """<script>
addEventListener('load', () => {
  const look = () => {
    const root = document.documentElement;
    const wanted = Object.keys(JSON.parse(document.getElementById('charts').textContent)).length;
    if (Number(root.dataset.drawn || 0) < wanted) { setTimeout(look, 50); return; }
    const wide = [...document.querySelectorAll('main *')].filter(
      (each) => !each.closest('svg, .sr') && each.getBoundingClientRect().right > innerWidth + 0.5);
    const cell = document.querySelector('#heat-0 .mark-rect path');
    if (cell) {
      const { x, y } = cell.getBoundingClientRect();
      for (const kind of ['pointerover', 'pointermove', 'mouseover', 'mousemove']) {
        cell.dispatchEvent(new PointerEvent(kind, { bubbles: true, clientX: x + 3, clientY: y + 3 }));
      }
    }
    const labels = [...document.querySelectorAll('#rows-0 text')].map((each) => each.textContent);
    parent.postMessage(JSON.stringify({
      drawn: document.querySelectorAll('.chart svg').length, wanted,
      hovered: document.querySelector('#vg-tooltip-element.visible')?.innerText ?? '', width: innerWidth,
      page: root.scrollWidth, wide: wide.map((each) => each.outerHTML.slice(0, 120)), labels,
      background: getComputedStyle(document.body).backgroundColor,
    }), '*');
  };
  look();
});
</script>
"""
_FRAME = """<!doctype html><body style="margin:0">
<script>addEventListener('message', (event) => { document.body.dataset.probe = event.data; });</script>
<iframe src="page.html" style="width:%dpx;height:2000px;border:0"></iframe>
"""
"""A window of headless Chromium is at least 500 pixels wide; a frame is a phone's width."""

DARK = "--blink-settings=preferredColorScheme=0"


def visit(tmp_path: Path, data: ReportData, width: int, *flags: str, zone: str = "UTC") -> dict[str, object]:
    """Opens the page without a network; fails where the browser's console says anything."""
    file = tmp_path / "page.html"
    # Vega's script has a "</body>" of its own in a string.
    before, end, after = render(data).rpartition("</body>")
    file.write_text(f"{before}{_PROBE}{end}{after}", "utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(_FRAME % width, "utf-8")
    done = subprocess.run(  # noqa: S603
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1400,2100",
            "--hide-scrollbars",
            "--virtual-time-budget=20000",
            "--dump-dom",
            *flags,
            frame.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "TZ": zone},
    )
    assert not re.findall(r".*CONSOLE.*", done.stderr)
    probe = re.search(r'data-probe="([^"]*)"', done.stdout)
    assert probe, "the charts were not drawn"
    found: dict[str, object] = json.loads(
        probe[1].replace("&quot;", '"').replace("&lt;", "<").replace("&amp;", "&")
    )
    return found


@pytest.mark.parametrize("flags", [(), (DARK,)], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_chart_is_drawn_and_nothing_is_wider_than_the_page(
    tmp_path: Path, width: int, flags: tuple[str, ...]
) -> None:
    seen = visit(tmp_path, report_data(), width, *flags)
    assert seen["width"] == width
    assert seen["drawn"] == seen["wanted"]
    assert seen["wide"] == []
    assert seen["page"] == width
    assert (seen["background"] == "rgb(19, 23, 26)") == (DARK in flags)


def test_a_page_of_one_day_and_one_of_a_quarter_are_drawn_too(tmp_path: Path) -> None:
    quarter = report_data(FIRST.replace(month=10), LAST)
    for name, data in (("one", report_data(LAST, LAST)), ("quarter", quarter)):
        (tmp_path / name).mkdir()
        seen = visit(tmp_path / name, data, 390)
        assert seen["drawn"] == seen["wanted"]
        assert (seen["wide"], seen["page"]) == ([], 390)


def test_an_empty_page_is_right_too(tmp_path: Path) -> None:
    seen = visit(tmp_path, ReportData(None, None), 390)
    assert (seen["drawn"], seen["page"]) == (0, 390)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_a_readers_time_zone_moves_no_day(tmp_path: Path, zone: str) -> None:
    assert visit(tmp_path, report_data(), 1280, zone=zone)["labels"] == ["21 Dec", "3 Jan"]


def test_a_cell_of_the_heat_map_tells_its_counts(tmp_path: Path) -> None:
    hovered = str(visit(tmp_path, report_data(), 1280)["hovered"])
    for word in ("rule", "21 December 2025", "verdict", "0 of 4,465", "warns above 0.1 %, fails above 1 %"):
        assert word in hovered
