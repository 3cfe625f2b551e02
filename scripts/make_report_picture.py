"""Takes docs/images/data_quality_report.png, the README's picture of the page.

    python -m scripts.make_report_picture [PAGE]

PAGE is a page that `healthlake report` wrote; without one it is made of the tests' synthetic rows. Chromium
draws it 1,280 pixels wide; HEIGHT pixels from the top are kept.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from healthlake.quality_report import render
from tests.report.synthetic import report_data

TARGET = Path(__file__).resolve().parent.parent / "docs/images/data_quality_report.png"
WIDTH, HEIGHT = 1280, 2010
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def take(page: Path, target: Path) -> None:
    """Draws `page` in a headless browser that has a profile of its own and no network."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"there is no browser; looked for {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(  # noqa: S603
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--user-data-dir={profile}",
                f"--window-size={WIDTH},{HEIGHT}",
                "--virtual-time-budget=20000",
                f"--screenshot={target}",
                page.absolute().as_uri(),
            ],
            check=True,
            capture_output=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", nargs="?", type=Path)
    page = parser.parse_args().page
    if page is not None:
        take(page, TARGET)
        return
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "page.html"
        made.write_text(render(report_data()), "utf-8")
        take(made, TARGET)


if __name__ == "__main__":
    main()
