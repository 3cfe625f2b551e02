"""Writes healthlake/quality_report/templates/vega.js: Vega, Vega-Lite and Vega-Embed as one script, as the
pinned vl-convert-python bundles them. `--check` fails where the file is another.

The page brings its script with it. Bundled once, a run needs no V8: vl-convert is 84 MB on disk and costs
1.3 s and 150 MB of memory a bundle.
"""

from __future__ import annotations

import argparse
import sys
from importlib import metadata
from pathlib import Path

import vl_convert

TARGET = Path(__file__).resolve().parent.parent / "healthlake/quality_report/templates/vega.js"
VEGA_LITE = "6.4"
"""Which of the versions that vl-convert holds."""

_LICENCE = """\
/*!
Vega {vega}, Vega-Lite {vega_lite}, Vega-Embed {vega_embed} and Vega-Themes, with what they are made of
(D3, vega-tooltip and smaller parts), bundled by vl-convert-python {vl_convert}; made by
scripts/make_vega_bundle.py.

Copyright (c) 2015-2023, University of Washington Interactive Data Lab. All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided
that the following conditions are met:
1. Redistributions of source code must retain the above copyright notice, this list of conditions and
   the following disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and
   the following disclaimer in the documentation and/or other materials provided with the distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or
   promote products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED
WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A
PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR
ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT
LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR
TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF
ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

D3: Copyright 2010-2023 Mike Bostock. Permission to use, copy, modify, and/or distribute this software
for any purpose with or without fee is hereby granted, provided that the above copyright notice and this
permission notice appear in all copies. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL
WARRANTIES WITH REGARD TO THIS SOFTWARE.
*/
"""


def bundle() -> str:
    """The script, with its licence before it."""
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    if "</script" in script or "<!--" in script:
        raise SystemExit("the bundle would end the script element that it stands in")
    notice = _LICENCE.format(
        vega=vl_convert.get_vega_version(),
        vega_lite=VEGA_LITE,
        vega_embed=vl_convert.get_vega_embed_version(),
        vl_convert=metadata.version("vl-convert-python"),
    )
    return f"{notice}{script.rstrip()}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the file is another")
    check = parser.parse_args().check
    text = bundle()
    if not check:
        TARGET.write_text(text, "utf-8")
    elif TARGET.read_text("utf-8") != text:
        sys.exit(f"{TARGET.name} is another: run make vega")


if __name__ == "__main__":
    main()
