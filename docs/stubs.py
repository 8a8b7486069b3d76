"""Modules and stubs that are derived from other modules.

    python docs/stubs.py    writes them all (`make derived` does)

`shim/__init__.pyi`, `shim/aio.pyi`: the functions of the offline calls, from their declarations.
`shim/offline/answers.pyi`: the keys of each class of answer, from `shim/offline/shapes.py`.
`shim/usage/_event_fields.py`: the fields of each event, from `shim/notices/_events.py`.
`shim/settings/changes.py`: the keywords of `configure()`, from `shim/settings/model.py`.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections import abc
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from typing_extensions import get_type_hints, is_typeddict

import shim
from shim._endpoint import ENDPOINTS
from shim.notices import NoticeEvent
from shim.offline import answers, shapes
from shim.offline.answer import Answer
from shim.settings import model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shim._endpoint import Endpoint

ROOT = Path(__file__).resolve().parent.parent

FUNCTIONS = """\
# {what}; derived from the declarations by `make derived`.
# ruff: noqa: N803
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import deprecated

{before}
from shim.offline.answers import {answers}
from shim.offline.shapes import Department, User
{after}"""
BLOCKING = """\
from shim import aio
from shim.bulk import set_member_status_many
from shim.notices import (
    NoticeHook,
    NoticeHookFactory,
    OfflineAPIDeprecationWarning,
    get_notice_hooks,
    set_notice_hooks,
)
from shim.offline import Answer, Outcome, PlannedWrite
"""
BLOCKING_AFTER = """\
from shim.settings import ConfigurationError, configure, using
from shim.settings.model import Settings
"""
AWAITABLE = """\
from shim.bulk import aset_member_status_many
from shim.offline import Answer
"""


def functions(*, awaitable: bool) -> str:
    """Return `shim/__init__.pyi`, or `shim/aio.pyi` for the awaitable functions."""
    classes = sorted({one.returns.__name__ for one in ENDPOINTS.values()} - {"Answer"})
    head = FUNCTIONS.format(
        what="The offline calls to await" if awaitable else "The package, for type checkers",
        before=(AWAITABLE if awaitable else BLOCKING).strip(),
        after="" if awaitable else BLOCKING_AFTER,
        answers=f"({', '.join(classes)})",
    )
    if awaitable:
        middle = "\nset_member_status_many = aset_member_status_many\n"
    else:
        names = "".join(f'    "{name}",\n' for name in sorted(shim.__all__))
        middle = f"\n__version__: str\n__all__ = [\n{names}]\n"
    written_ones = (_function(one, awaitable=awaitable) for one in ENDPOINTS.values())
    return head + middle + "".join(written_ones)


def _function(endpoint: Endpoint, *, awaitable: bool) -> str:
    words = textwrap.wrap(endpoint.deprecation, 80, drop_whitespace=False)
    lines = [
        "",
        "@deprecated(",
        *(f'    "{part}"' for part in words),
        ")",
        f"{'async ' if awaitable else ''}def {endpoint.name}(",
        *(f"    {parameter}," for parameter in _parameters(endpoint.signature)),
    ]
    returns = f") -> {endpoint.returns.__name__}:"
    if awaitable:
        # The text is that of the blocking function.
        return "\n".join([*lines, f"{returns} ...", ""])
    text = (endpoint.translation.__doc__ or "").rstrip()
    return "\n".join([*lines, returns, f'    """{text}', '    """', ""])


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    keyword_only = False
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            yield "*"
        default = (
            "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
        )
        yield f"{parameter.name}: {parameter.annotation}{default}"


ANSWERS = """\
# The classes of answers, key by key; derived from shapes.py by `make derived`.
from typing import Any, Literal, TypeVar, overload

from shim.offline.answer import Answer
from shim.offline.shapes import (
    {shapes},
)

_D = TypeVar("_D")
"""


def written(hint: Any) -> str:
    """Return a type as source text."""
    arguments = get_args(hint)
    if get_origin(hint) in {Union, types.UnionType}:
        return " | ".join(written(one) for one in arguments)
    if arguments:
        return f"{get_origin(hint).__name__}[{', '.join(map(written, arguments))}]"
    if hint is type(None):
        return "None"
    return str(getattr(hint, "__name__", "Any"))


def classes() -> list[type[Answer]]:
    """Return the classes of answers, as they are written."""
    return [one for one in vars(answers).values() if _is_answer(one) and one is not Answer]


def _is_answer(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, Answer)


def answers_stub() -> str:
    """Return `shim/offline/answers.pyi`."""
    body = "\n".join(line for one in classes() for line in ("", *_class(one)))
    nested = [
        name for name, one in vars(shapes).items() if is_typeddict(one) and f"[{name}]" in body
    ]
    nested += [
        name for name, one in vars(shapes).items() if is_typeddict(one) and f" {name}:" in body
    ]
    return ANSWERS.format(shapes=",\n    ".join(sorted(set(nested)))) + body + "\n"


def _class(one: type[Answer]) -> Iterator[str]:
    yield f"class {one.__name__}(Answer):"
    envelope = _grouped(shapes.Envelope)
    facts = _grouped(one.facts)
    methods = [("__getitem__", keys, "", hint) for hint, keys in (*envelope, *facts)]
    yield from _overloads(methods)
    methods = [("get", keys, "default: object = ..., ", hint) for hint, keys in envelope]
    for hint, keys in facts:
        methods.append(("get", keys, "", _either(hint, "None")))
        methods.append(("get", keys, "default: _D, ", _either(hint, "_D")))
    yield from _overloads(methods)


def _overloads(methods: list[tuple[str, str, str, str]]) -> Iterator[str]:
    # mypy reports the first overload: a dict accepts any key.
    mark = "  # type: ignore[override]"
    for name, keys, default, hint in methods:
        yield f"    @overload{mark}"
        yield f"    def {name}(self, key: Literal[{keys}], {default}/) -> {hint}: ..."
        mark = ""


def _either(*hints: str) -> str:
    """Return a union without repetitions, None last."""
    names = dict.fromkeys(name for hint in hints for name in hint.split(" | "))
    return " | ".join(sorted(names, key=lambda name: name == "None"))


def _grouped(shape: type) -> list[tuple[str, str]]:
    """Return the keys of a shape, together where their type is the same."""
    groups: dict[str, list[str]] = {}
    for key, hint in get_type_hints(shape).items():
        groups.setdefault(written(hint), []).append(f'"{key}"')
    return [(hint, ", ".join(keys)) for hint, keys in groups.items()]


CHANGES = '''\
"""The keywords of `configure()`, for type checkers; derived from model.py by `make derived`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import Required, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic import SecretStr

    from shim.settings.model import {models}

'''


def changes() -> str:
    """Return `shim/settings/changes.py`."""
    parts = (
        model.StatusValues,
        model.ByMobileStatus,
        model.Triggers,
        model.Route,
        model.TenantSettings,
    )
    tables = [_table(one, f"{one.__name__}Table", _docstring(one)) for one in parts]
    whole = _table(
        model.Settings, "SettingsChanges", "Every setting, by name; all may be left out."
    )
    models = ", ".join(sorted(one.__name__ for one in parts))
    return CHANGES.format(models=models) + "\n\n".join([*tables, whole])


def _table(part: type[BaseModel], name: str, docstring: str) -> str:
    texts = _field_texts(part)
    lines = [f"class {name}(TypedDict, total=False):", f'    """{docstring}"""', ""]
    for key, field in part.model_fields.items():
        hint = accepted(field.annotation)
        lines.append(f"    {key}: {f'Required[{hint}]' if field.is_required() else hint}")
        if key in texts:
            lines.append(f'    """{texts[key]}"""')
    return "\n".join([*lines, ""])


def accepted(hint: Any) -> str:
    """Return, as source text, what a caller may give where the model has this type."""
    arguments = get_args(hint)
    origin = get_origin(hint)
    if origin is Annotated:
        text = accepted(arguments[0])
    elif origin in {Union, types.UnionType}:
        text = _either(*map(accepted, arguments))
    elif origin is Literal:
        text = f"Literal[{', '.join(map(_quoted, arguments))}]"
    elif origin is tuple and arguments[0] is str:
        # A str is a Sequence[str], and is refused.
        text = "list[str] | tuple[str, ...]"
    elif origin is tuple:
        text = f"Sequence[{accepted(arguments[0])}]"
    elif origin in {dict, abc.Mapping}:
        text = f"Mapping[{', '.join(map(accepted, arguments))}]"
    elif origin is abc.Callable:
        given, returned = arguments
        text = f"Callable[[{', '.join(map(written, given))}], {accepted(returned)}]"
    elif hint is SecretStr:
        text = "str | SecretStr"
    elif isinstance(hint, type) and issubclass(hint, BaseModel):
        text = f"{hint.__name__} | {hint.__name__}Table"
    else:
        text = written(hint)
    return text


def _quoted(text: str) -> str:
    return f'"{text}"'


def _field_texts(part: type[BaseModel]) -> dict[str, str]:
    """Return what stands below each field of a model, as it stands there."""
    (node,) = ast.parse(inspect.getsource(part)).body
    body = node.body if isinstance(node, ast.ClassDef) else []
    texts = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
            texts[ast.unparse(field.target)] = str(ast.literal_eval(below.value))
    return texts


def _docstring(part: type[BaseModel]) -> str:
    return (part.__doc__ or "").partition("\n")[0]


EVENT_FIELDS = '''\
"""The fields that shim.notices writes of each event; derived from _events.py by `make derived`.

Every event has also the fields `service`, `instance` and `at`. A copy, since usage imports no other
package: it reads logs on machines of which no program writes any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

WRITTEN: Final[Mapping[str, tuple[str, ...]]] = {
'''


def event_fields() -> str:
    """Return `shim/usage/_event_fields.py`."""
    stamps = {one.name for one in fields(NoticeEvent)}
    # By name, since a dataclass with slots is made twice; tests make events of their own.
    package = NoticeEvent.__module__
    events = {one.name: one for one in NoticeEvent.__subclasses__() if one.__module__ == package}
    rows = "".join(
        f"    {_quoted(name)}: ("
        + "".join(f"{_quoted(one)}, " for one in event.field_names() if one not in stamps)
        + "),\n"
        for name, event in sorted(events.items())
    )
    return f"{EVENT_FIELDS}{rows}}}\n"


def main() -> None:
    """Write them all."""
    derived = {
        "shim/__init__.pyi": functions(awaitable=False),
        "shim/aio.pyi": functions(awaitable=True),
        "shim/offline/answers.pyi": answers_stub(),
        "shim/settings/changes.py": changes(),
        "shim/usage/_event_fields.py": event_fields(),
    }
    for path, text in derived.items():
        (ROOT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
