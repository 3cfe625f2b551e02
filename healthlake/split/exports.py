"""What the Bulk Data exports in a drop say of its files: the terms on which each is split.

A manifest speaks for the files in its folder and below, but for those that a manifest further down speaks
for. It depends on paths and manifests alone, so every way to split a drop comes to the same terms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from healthlake.split.look import Look
from healthlake.split.manifest import Listed, Manifest, file_name
from healthlake.split.outcome import Fault
from healthlake.split.reasons import Reason


class Terms(msgspec.Struct, frozen=True, omit_defaults=True):
    """What its export says of a file.

    `time` is the manifest's transactionTime in microseconds since 1970. `is_error` says that its lines are
    the exporting server's OperationOutcomes. `expected_entries` is how many entries it should have. `faults`
    are those of a manifest that starts at `line`.
    """

    time: int | None = None
    is_error: bool = False
    expected_entries: int | None = None
    faults: tuple[Fault, ...] = ()
    line: int = 1


NO_TERMS = Terms()


def terms_of(paths: Iterable[str], manifests: Iterable[Look]) -> dict[str, Terms]:
    """The terms of the files of a drop by path, as `bronze_file` has it; of those that have any.

    `manifests` are the looks at its manifests. Of equal ones the first is split, and has the faults of all.
    """
    told = sorted(manifests, key=lambda found: found.path)
    by_folder: dict[str, _Export] = {}
    for found in told:
        by_folder.setdefault(_folder(found.path), _Export()).manifests.append(found)
    rest = sorted(set(paths) - {found.path for found in told})
    terms = {path: Terms(is_error=True) for path in rest if _section(path) == "error"}
    for path in rest:
        if (folder := _speaking(path, by_folder)) is not None:
            by_folder[folder].paths.append(path)
    faults: dict[str, set[Fault]] = defaultdict(set)
    for folder, export in by_folder.items():
        terms |= export.terms(folder, faults)
    return terms | {found.path: _of_manifest(found, faults[found.file_id]) for found in told}


@dataclass(slots=True)
class _Export:
    """The manifests of one folder (an export that comes in pages has several), and the files that they speak
    for."""

    manifests: list[Look] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def terms(self, folder: str, faults: Mapping[str, set[Fault]]) -> dict[str, Terms]:
        """Those of its files. What is missing is added to the faults of the manifest that lists it."""
        sections = {path: _section(path[len(folder) :]) for path in self.paths}
        listings: dict[str, list[tuple[Manifest, Listed]]] = defaultdict(list)
        for found in self.manifests:
            manifest = _manifest(found)
            matched = _matched(manifest.listed, sections)
            for listed in manifest.listed:
                if (path := matched.get(listed)) is not None:
                    listings[path].append((manifest, listed))
                else:
                    faults[found.file_id].add(_missing(listed))
        told = [_manifest(found) for found in self.manifests]
        return {path: _of_file(listings[path], told, section) for path, section in sections.items()}


def _of_file(listings: Sequence[tuple[Manifest, Listed]], told: Sequence[Manifest], section: str) -> Terms:
    """A time that manifests disagree on says nothing. Of a deleted file nothing is expected: its count is
    that of its Bundles, and each has many entries."""
    times = {manifest.time for manifest in ([each for each, _ in listings] or told)}
    if listings:
        section = listings[0][1].section
    counts = [listed.count for _, listed in listings if listed.section != "deleted"]
    return Terms(
        time=times.pop() if len(times) == 1 else None,
        is_error=section == "error",
        expected_entries=counts[0] if counts else None,
    )


def _of_manifest(found: Look, missing: set[Fault]) -> Terms:
    manifest = _manifest(found)
    faults = sorted([*manifest.faults, *missing], key=lambda fault: fault.byte_offset)
    return Terms(faults=tuple(faults), line=manifest.line)


def _matched(listed: Sequence[Listed], sections: Mapping[str, str]) -> dict[Listed, str]:
    """Which file each listed one is: the one of its name in the folder of its section, or else, for deleted
    and error files, one that lies beside the output. No file is two."""
    free: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in sorted(sections, key=lambda path: (path.count("/"), path), reverse=True):
        free[sections[path], file_name(path)].append(path)
    matched: dict[Listed, str] = {}
    for is_beside in (False, True):
        for each in listed:
            paths = free["output" if is_beside else each.section, each.name]
            if each not in matched and paths:
                matched[each] = paths.pop()
    return matched


def _missing(listed: Listed) -> Fault:
    place = f"{listed.section}[{listed.index}]"
    return Fault(listed.byte_offset, listed.byte_length, Reason.EXPORT_FILE_MISSING, place)


def _manifest(found: Look) -> Manifest:
    assert found.manifest is not None  # noqa: S101 - only looks at manifests come here
    return found.manifest


def _section(path: str) -> str:
    """What kind of files the folders say that this one is of."""
    folders = [part.lower() for part in path.split("/")[:-1]]
    return next((part for part in reversed(folders) if part in ("deleted", "error")), "output")


def _folder(path: str) -> str:
    """The folder with its closing slash; empty for that of the drop."""
    return path[: path.rfind("/") + 1]


def _speaking(path: str, exports: Mapping[str, object]) -> str | None:
    """The nearest folder above with a manifest."""
    folder = _folder(path)
    while folder not in exports:
        if not folder:
            return None
        folder = _folder(folder[:-1])
    return folder
