"""Whether the JSON types of a resource are those of FHIR R4: decided once, here, so that no engine is asked.

msgspec types are generated from the R4 element table for the resource types asked for and the datatypes they need.
Known elements must have R4's JSON type; unknown ones are ignored, and so is what a `contained` resource holds.
`null` counts as absent. Patterns, cardinalities and code systems are not looked at.
"""

from __future__ import annotations

import functools
import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Optional

import msgspec

from healthlake import r4

# R4 says 32 bits, and engines differ on what an INT column gets from more.
_INTEGER = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_PRIMITIVES: Mapping[str, object] = {
    "boolean": bool,
    "decimal": float,
    "integer": _INTEGER,
    "positiveInt": _INTEGER,
    "unsignedInt": _INTEGER,
}
"""Primitive types whose JSON isn't a string."""

_PATH = re.compile(r" - at `\$([^`]*)`$")


class AnyObject(msgspec.Struct, gc=False):
    """A JSON object of which nothing is known: a contained resource."""


class Shapes:
    """Validators for a set of resource types."""

    def __init__(self, resource_types: Iterable[str]) -> None:
        self._decoders = _decoders(frozenset(resource_types))

    def error(self, resource_type: str, canonical: bytes) -> str | None:
        """FHIR path of the first element (in canonical order) with a wrong JSON type; None where there is none
        or the type isn't among those asked for."""
        decode = self._decoders.get(resource_type)
        if decode is None:
            return None
        try:
            decode(canonical)
        except msgspec.ValidationError as error:
            found = _PATH.search(str(error))
            return resource_type + (found[1] if found else "")
        return None


@functools.cache
def _decoders(resource_types: frozenset[str]) -> Mapping[str, Callable[[bytes], object]]:
    """Kept because making the types takes 20 ms, as long as splitting 1,000 resources."""
    structs = _generate(resource_types)
    return {name: msgspec.json.Decoder(structs[name]).decode for name in resource_types if r4.elements(name)}


def _generate(resource_types: Iterable[str]) -> dict[str, type[msgspec.Struct]]:
    """Type or backbone path -> struct, for `resource_types` and all that they are made of."""
    structs: dict[str, type[msgspec.Struct]] = {}
    wanted = ["Element", *resource_types]
    while wanted:
        name = wanted.pop()
        if name not in structs:
            structs[name] = _struct(name)
            wanted.extend(
                type_
                for element in r4.elements(name).values()
                for type_ in element.types
                if _is_struct(type_)
            )
    # FHIR's types refer to each other in circles. msgspec resolves a forward reference in the namespace of the
    # class when the first decoder is made, so each class is given all the others as attributes.
    for struct in structs.values():
        for name, other in structs.items():
            setattr(struct, _identifier(name), other)
        struct.AnyObject = AnyObject  # type: ignore[attr-defined]  # see above
    return structs


def _struct(name: str) -> type[msgspec.Struct]:
    """Fields in sorted order: canonical JSON comes so, and msgspec looks for the next field first."""
    fields = dict(sorted(_fields(name)))
    python = {
        field: f"f_{field}" if keyword.iskeyword(field) or field[0] == "_" else field for field in fields
    }
    return msgspec.defstruct(
        _identifier(name),
        [(python[field], type_, None) for field, type_ in fields.items()],
        rename={python[field]: field for field in fields},
        gc=False,
    )


def _fields(name: str) -> Iterator[tuple[str, Any]]:
    """JSON property -> type of each element of `name`, `_x` of the primitive ones included."""
    for element in r4.elements(name).values():
        for type_ in element.types:
            json_name = element.json_name(type_)
            if r4.kind(type_) == "primitive":
                primitive = _PRIMITIVES.get(type_, str)
                # In a list, null stands for an item of which only `_x` says something.
                yield json_name, _of(Optional[primitive], element.is_list)  # noqa: UP045 - made at run time
                yield f"_{json_name}", _of(Optional["Element"], element.is_list)
            else:
                yield (
                    json_name,
                    _of(_identifier(type_) if _is_struct(type_) else "AnyObject", element.is_list),
                )


def _of(type_: Any, is_list: bool) -> Any:
    return Optional[list[type_]] if is_list else Optional[type_]  # noqa: UP045 - made at run time


def _is_struct(type_: str) -> bool:
    return r4.kind(type_) == "complex"


def _identifier(name: str) -> str:
    return name.replace(".", "_")
