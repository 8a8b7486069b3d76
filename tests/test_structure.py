"""How the package is cut: names that mean one thing, and imports that go one way.

import-linter checks the layers; these are the rules that it does not know.
"""

import ast
from collections import defaultdict
from pathlib import Path

import import_graph
import pytest

ROOT = Path(__file__).parent.parent
SHIM = ROOT / "shim"
LEFT = {
    "file names": {
        "app.py",
        "baseline.py",
        "changes.py",
        "clock.py",
        "departments.py",
        "errors.py",
        "exchange.py",
        "kinds.py",
        "lines.py",
        "members.py",
        "model.py",
        "sandbox.py",
        "tokens.py",
    },
    "class names": {
        "Answer",
        "Call",
        "Clock",
        "Department",
        "Endpoint",
        "Order",
        "Profile",
        "Record",
        "Refused",
        "Reply",
        "Run",
        "Script",
        "Table",
        "Tally",
        "Tenant",
        "Unreadable",
        "_Kind",
        "_Part",
    },
    "imports of private modules": set(),
    "circles": {
        "shim.sandbox.app -> shim.sandbox.sandbox -> shim.sandbox.app",
        "shim.sandbox.control -> shim.sandbox.sandbox -> shim.sandbox.control",
        "shim.sandbox.routes -> shim.sandbox.tenant -> shim.sandbox.routes",
        "shim.sandbox.server -> shim.sandbox.sandbox -> shim.sandbox.server",
        "shim.sandbox.transport -> shim.sandbox.sandbox -> shim.sandbox.transport",
        "shim.settings -> shim.settings.model -> shim.settings",
        "shim.settings.changes -> shim.settings.model -> shim.settings -> shim.settings.changes",
        "shim.settings.layers -> shim.settings.model -> shim.settings -> shim.settings.layers",
    },
}
"""What breaks a rule today. An entry that breaks it no longer has to be removed."""

pytestmark = pytest.mark.skipif(not SHIM.is_dir(), reason="the package's own source")


def repeated(places):
    """Return the names that are in more than one place."""
    return {name for name, found in places.items() if len(found) > 1}


def is_private_to_others(importer, module):
    """Whether a part of a module's name begins with `_` and is another package's business."""
    parts = module.split(".")
    return any(
        part.startswith("_") and not part.startswith("__") and not is_in(importer, parts[:place])
        for place, part in enumerate(parts)
    )


def is_in(module, package):
    """Whether a module is a package or in it."""
    return module.split(".")[: len(package)] == package


def private_imports(graph):
    """Return each import of a private module by a module outside of its package."""
    return {
        f"{importer} -> {module}"
        for importer, imported in graph.items()
        for module in imported
        if is_private_to_others(importer, module)
    }


@pytest.fixture(scope="module")
def graph():
    """Return which module of the package imports which."""
    return import_graph.imports(SHIM)


def test_no_file_name_occurs_twice():
    """But `__init__.py` and `__main__.py`, whose names Python gives."""
    places = defaultdict(set)
    for path in SHIM.rglob("*.py"):
        if path.name not in {"__init__.py", "__main__.py"}:
            places[path.name].add(path)
    assert repeated(places) == LEFT["file names"]


def test_no_class_name_has_two_meanings():
    """A class is defined in one module, a private one as well."""
    places = defaultdict(set)
    for name, path in import_graph.modules(SHIM).items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(name)
    assert repeated(places) == LEFT["class names"]


def test_private_modules_are_imported_by_their_own_package_only(graph):
    """The pytest plugin is outside, and so are the examples."""
    outside = {
        path.stem: set(import_graph.imported(path.read_text(encoding="utf-8"), graph))
        for path in (ROOT / "fxiaoke_shim_pytest.py", *(ROOT / "examples").glob("*.py"))
    }
    assert private_imports({**graph, **outside}) == LEFT["imports of private modules"]


def test_no_module_imports_itself_through_others(graph):
    """Not in a function and not for type checkers either."""
    circles = {" -> ".join(circle) for circle in import_graph.circles(graph)}
    assert circles == LEFT["circles"]


class TestTheRulesThemselves:
    """What the tests above would find."""

    @pytest.mark.parametrize(
        ("importer", "module", "is_found"),
        [
            ("shim.notices.writer", "shim.notices._stamp", False),
            ("shim.notices.deep.writer", "shim.notices._stamp", False),
            ("shim.notices", "shim.notices._stamp", False),
            ("shim.settings", "shim.notices._stamp", True),
            ("shim", "shim.notices._stamp", True),
            ("shim.settings", "shim._call", False),
            ("plugin", "shim._call", True),
            ("shim.settings", "shim.notices._deep.stamp", True),
            ("shim.cli", "shim.__main__", False),
        ],
    )
    def test_a_private_module_belongs_to_its_package(self, importer, module, is_found):
        """And to the packages below."""
        found = private_imports({importer: {module}})
        assert found == ({f"{importer} -> {module}"} if is_found else set())

    @pytest.mark.parametrize(
        ("source", "modules"),
        [
            ("import p.a", {"p.a"}),
            ("import p.a.X as x", set()),
            ("from p import a, other", {"p.a", "p"}),
            ("from p.a import X", {"p.a"}),
            ("def f():\n    from p.a import X\n", {"p.a"}),
            ("if TYPE_CHECKING:\n    from p.b.c import X\n", {"p.b.c"}),
            ("from . import c", {"p.b.c"}),
            ("from .c import X", {"p.b.c"}),
            ("from .. import a", {"p.a"}),
            ("from ..a import X", {"p.a"}),
            ("import sys\nfrom os import path\n", set()),
        ],
    )
    def test_every_kind_of_import_is_seen(self, source, modules):
        """At the top, in a function, for checkers, and relative ones."""
        known = {"p", "p.a", "p.b", "p.b.c", "p.b.d"}
        assert set(import_graph.imported(source, known, "p.b.d")) == modules
        package = Path("p/b/__init__.py")
        assert set(import_graph.imported(source, known, "p.b", package)) == modules

    def test_the_shortest_circle_is_reported_and_only_once(self):
        """A module outside of it is not part of it."""
        graph = {
            "start": {"a"},
            "a": {"b", "c"},
            "b": {"a"},
            "c": {"d"},
            "d": {"a"},
            "end": set(),
        }
        assert import_graph.circles(graph) == [["a", "b", "a"], ["c", "d", "a", "c"]]
        assert import_graph.circles({"a": {"b"}, "b": set()}) == []
