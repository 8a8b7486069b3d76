"""Derive what the documents say from what the code says.

    python docs/derive.py           derives all documents again (`make derived` does)

A document holds a derived text between two marks: `<!-- NAME -->` and `<!-- /NAME -->`.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

import import_graph
from pydantic import BaseModel

import shim
from shim.notices import NoticeEvent
from shim.offline import ENDPOINTS
from shim.sandbox import Fault
from shim.settings.model import (
    ByMobileStatus,
    Route,
    Settings,
    StatusValues,
    TenantSettings,
    Triggers,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shim.offline import Endpoint

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(shim.__file__).parent
DOCUMENTS = (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md")))


def endpoints() -> str:
    """Return all calls as a table, and the loss report of each, as MIGRATION.md has them."""
    rows = [
        "| code | function | was posted to | replacement |",
        "| --- | --- | --- | --- |",
        *(
            f"| [{one.code}](#{one.code.lower()}) | `{one.name}` "
            f"| {'<br>'.join(f'`{path}`' for path in one.paths)} | {one.replacement} |"
            for one in ENDPOINTS.values()
        ),
    ]
    return "\n".join([*rows, "", *(_losses(one) for one in ENDPOINTS.values())])


def _losses(endpoint: Endpoint) -> str:
    guide = endpoint.guide
    return "\n".join(
        [
            f'<a id="{endpoint.code.lower()}"></a>',
            f"### {endpoint.code}: {endpoint.name}",
            "",
            f"*{endpoint.title}*. Instead: {endpoint.replacement}. Guide: [{guide}](#{guide}).",
            f"Code to write instead: `{endpoint.advice}`.",
            "",
            "| parameter or answer field | how it is passed on |",
            "| --- | --- |",
            *(f"| `{name}` | {fate} |" for name, fate in endpoint.parameters.items()),
            *(f"| → `{name}` | {fate} |" for name, fate in endpoint.answer.items()),
            "",
        ]
    )


def paths() -> str:
    """Return the old addresses that are not the object API's own, and their functions."""
    return "\n".join(
        [
            "| you post to | call | with |",
            "| --- | --- | --- |",
            *(
                f"| `{one.paths[0]}` | `{one.name}` | {_arguments(one.signature)} |"
                for one in ENDPOINTS.values()
                if one.kind == "translated"
            ),
            "",
        ]
    )


def _arguments(signature: inspect.Signature) -> str:
    every_call_has = {"corpAccessToken", "corpId", "thirdTraceId"}
    return ", ".join(f"`{name}`" for name in signature.parameters if name not in every_call_has)


def settings() -> str:
    """Return every setting with its values, its default and its docstring."""
    parts = (
        (Route, "routes"),
        (StatusValues, "status_values"),
        (ByMobileStatus, "by_mobile_status"),
        (Triggers, "triggers"),
        (TenantSettings, "tenants"),
    )
    return "\n".join(
        [
            *_settings_of(Settings),
            *(
                line
                for part, name in parts
                for line in ("", f"### `{name}`", "", _summary(part), "", *_settings_of(part))
            ),
            "",
        ]
    )


def _settings_of(model: type[BaseModel]) -> Iterator[str]:
    yield "| setting | values | default | what it does |"
    yield "| --- | --- | --- | --- |"
    texts = _attribute_docstrings(model)
    for name, field in model.model_fields.items():
        default = "needed" if field.is_required() else _default(field.default)
        yield f"| `{name}` | {_values(field.annotation)} | {default} | {texts[name]} |"


def _attribute_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the text below each field of a class."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    if not isinstance(body, ast.ClassDef):
        raise TypeError(model)
    return {
        before.target.id: _linked(inspect.cleandoc(after.value.value))
        for before, after in zip(body.body, body.body[1:], strict=False)
        if isinstance(before, ast.AnnAssign)
        and isinstance(before.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }


def _linked(text: str) -> str:
    """Return a docstring as one line, with the documents that it names as links."""
    flat = " ".join(text.split()).replace("``", "`")
    return re.sub(r"docs/(\w+)\.md", r"[\1](\1.md)", flat)


def _summary(thing: object) -> str:
    return _linked(inspect.cleandoc(thing.__doc__ or "").partition("\n\n")[0])


_WORDS = {str: "text", bool: "`true`, `false`", int: "whole number", float: "number", Any: "object"}


def _values(annotation: Any) -> str:
    """Return what a setting may be, in words of TOML."""
    choices = [one for one in get_args(annotation) if isinstance(one, str)]
    if choices:
        return ", ".join(f'`"{one}"`' for one in choices)
    if get_origin(annotation) in {tuple, dict}:
        return "table" if get_origin(annotation) is dict else "list"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    if get_origin(annotation) is Callable:
        return "function"
    first = next((one for one in get_args(annotation) if one is not type(None)), None)
    if first is not None:
        return _values(first)
    return _WORDS.get(annotation, "text, secret")


def _default(value: Any) -> str:
    if value is None:
        return "none"
    plain = value.model_dump() if isinstance(value, BaseModel) else value
    return f"`{json.dumps(plain)}`"


def events() -> str:
    """Return every event with its level, its docstring and its fields."""
    # By name, for a dataclass with slots is made twice; tests make kinds of their own.
    package = NoticeEvent.__module__
    kinds = {one.name: one for one in NoticeEvent.__subclasses__() if one.__module__ == package}
    return "\n".join(
        [
            "| event | level | when |",
            "| --- | --- | --- |",
            *(
                f"| [`{one.name}`](#{_anchor(one.name)}) | {one.level} | {_summary(one)} |"
                for one in kinds.values()
            ),
            *(line for one in kinds.values() for line in _fields_of(one)),
            "",
        ]
    )


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _fields_of(event: type[NoticeEvent]) -> Iterator[str]:
    yield from ("", f"### `{event.name}`", "", "| field | what it is |", "| --- | --- |")
    texts = {**_section(NoticeEvent, "Attributes"), **_section(event, "Attributes")}
    for name in event.field_names():
        yield f"| `{name}` | {texts[name]} |"


def _section(thing: object, title: str) -> dict[str, str]:
    """Return the entries of a section of a docstring."""
    text = inspect.cleandoc(thing.__doc__ or "")
    found = re.search(rf"^{title}:\n((?: +.*\n?|\n)*)", text, re.MULTILINE)
    entries = re.split(r"^ {4}(?=\w+: )", found[1] if found else "", flags=re.MULTILINE)[1:]
    return {name: _linked(said) for name, _, said in (one.partition(": ") for one in entries)}


def faults() -> str:
    """Return the kinds of faults that a sandbox can make, and the fields that say when."""
    return "\n".join(
        [
            "| `kind` | what happens |",
            "| --- | --- |",
            *(f"| `{name}` | {text} |" for name, text in _section(Fault, "Kinds").items()),
            "",
            "| field | what it is |",
            "| --- | --- |",
            *(f"| `{name}` | {text} |" for name, text in _section(Fault, "Attributes").items()),
            "",
        ]
    )


def architecture() -> str:
    """Return a drawing of the package: its folders and files, and what each imports."""
    return f"```\n{import_graph.picture(import_graph.rooms(PACKAGE))}```\n"


BLOCKS = {
    "endpoints": endpoints,
    "paths": paths,
    "settings": settings,
    "events": events,
    "faults": faults,
    "architecture": architecture,
}


def derived(document: str) -> str:
    """Return a document with all of its derived texts derived again."""
    for name, text in BLOCKS.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        if begin in document:
            before, _, rest = document.partition(begin)
            document = f"{before}{begin}{text()}{end}{rest.partition(end)[2]}"
    return document


def main() -> None:
    """Derive all documents again."""
    for path in DOCUMENTS:
        path.write_text(derived(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
