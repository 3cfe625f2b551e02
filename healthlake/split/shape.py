"""Whether the JSON types of a resource are those of FHIR R4: decided once, here, so that no engine is
asked.

msgspec types are generated from the R4 element table, for the resource types asked for and the datatypes
that they are made of. Known elements must have R4's JSON type; unknown ones are ignored, and so is what a
contained resource holds. `null` counts as absent. Patterns, cardinalities and code systems are not looked
at; of numbers it is asked that an INT (32 bits, as R4 says) or a DOUBLE holds them, since engines differ
in what they make of others.
"""

from __future__ import annotations

import functools
import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Optional

import msgspec

from healthlake import r4

_INTEGER = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_JSON_TYPES: Mapping[str, object] = {
    "boolean": bool,
    "decimal": float,
    "integer": _INTEGER,
    "positiveInt": _INTEGER,
    "unsignedInt": _INTEGER,
}
"""Of the primitive types that aren't strings."""

_PATH = re.compile(r" - at `\$([^`]*)`$")


class AnyObject(msgspec.Struct, gc=False):
    """A JSON object of which nothing more is asked: a contained resource."""


class Shapes:
    """Validators for a set of resource types."""

    def __init__(self, resource_types: Iterable[str]) -> None:
        self._decoders = _decoders(frozenset(resource_types))

    def error(self, resource_type: str, canonical: bytes) -> str | None:
        """FHIR path of the first element, in canonical order, with a wrong JSON type. None where there is
        none, or where the type isn't among those asked for."""
        decode = self._decoders.get(resource_type)
        if decode is None:
            return None
        try:
            decode(canonical)
        except msgspec.ValidationError as error:
            # All of the path is names of R4's and indexes: a struct knows no others.
            found = _PATH.search(str(error))
            return resource_type + (found[1] if found else "")
        return None


@functools.cache
def _decoders(resource_types: frozenset[str]) -> Mapping[str, Callable[[bytes], object]]:
    """Kept, because making the types takes as long as splitting 1,000 resources."""
    structs = _structs(resource_types)
    return {name: msgspec.json.Decoder(structs[name]).decode for name in resource_types if r4.elements(name)}


def _structs(resource_types: Iterable[str]) -> dict[str, type[msgspec.Struct]]:
    """Type or backbone path -> struct, for `resource_types` and all that they are made of."""
    structs: dict[str, type[msgspec.Struct]] = {}
    wanted = ["Element", *resource_types]
    while wanted:
        name = wanted.pop()
        if name not in structs:
            structs[name] = _struct(name)
            elements = r4.elements(name).values()
            wanted.extend(type_ for element in elements for type_ in element.types if _is_complex(type_))
    # FHIR's types refer to each other in circles. msgspec resolves forward references in the namespace of
    # the class when it first makes a decoder, so each class is given all others as attributes.
    namespace = {_identifier(name): struct for name, struct in structs.items()} | {"AnyObject": AnyObject}
    for struct in structs.values():
        for identifier, other in namespace.items():
            setattr(struct, identifier, other)
    return structs


def _struct(name: str) -> type[msgspec.Struct]:
    """Fields are sorted because canonical JSON is, and msgspec tries the next field first."""
    fields = sorted(_fields(name), key=lambda field: field[0])
    names = {json_name: _field_name(json_name) for json_name, _ in fields}
    return msgspec.defstruct(
        _identifier(name),
        [(names[json_name], Optional[type_], None) for json_name, type_ in fields],  # noqa: UP045 - may be a name
        rename={python: json_name for json_name, python in names.items()},
        gc=False,
    )


def _fields(name: str) -> Iterator[tuple[str, Any]]:
    """JSON name and type of each element of `name`, the `_x` of primitive ones included."""
    for element in r4.elements(name).values():
        for type_ in element.types:
            json_name = element.json_name(type_)
            if r4.kind(type_) == "primitive":
                # In a list, null stands for an item of which only `_x` says something.
                yield json_name, _listed(_JSON_TYPES.get(type_, str), element.is_list, nullable=True)
                yield f"_{json_name}", _listed("Element", element.is_list, nullable=True)
            else:
                struct = _identifier(type_) if _is_complex(type_) else "AnyObject"
                yield json_name, _listed(struct, element.is_list)


def _listed(type_: Any, is_list: bool, *, nullable: bool = False) -> Any:
    if not is_list:
        return type_
    return list[Optional[type_]] if nullable else list[type_]  # noqa: UP045 - may be a name


def _is_complex(type_: str) -> bool:
    return r4.kind(type_) == "complex"


def _identifier(name: str) -> str:
    return name.replace(".", "_")


def _field_name(json_name: str) -> str:
    return f"f_{json_name}" if json_name.startswith("_") or keyword.iskeyword(json_name) else json_name
