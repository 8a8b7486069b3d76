"""`python -m benchmarks structure` measures this checkout; the other measurements take too long."""

import importlib

import pytest


@pytest.fixture
def structure(source, monkeypatch):
    """Return the module, with one run of each instead of three."""
    monkeypatch.syspath_prepend(source)
    module = importlib.import_module("benchmarks.structure")
    monkeypatch.setattr(module, "REPEATS", 1)
    return module


def test_structure_measures_this_checkout_beside_the_one_before(structure, source):
    """Each figure has the one of the commit before the redrawing in its text."""
    measured = {row.what.partition(" (before: ")[0]: row.value for row in structure.measure(source)}
    assert list(measured) == list(structure.BEFORE)
    assert measured["modules"] > 50
    assert measured["lines"] > measured["lines of code"] > measured["functions"]
    assert 0 < measured["lines of a function, median"] < 15
    for name in (structure.BATCH, structure.COMMAND):
        files, calls = measured[f"{name}: files"], measured[f"{name}: Python calls"]
        assert 10 < files < measured["modules"]
        assert calls > files


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('"""Docstring."""\n\nX = 1  # comment\n# comment\n"""Of X,\n\nin lines."""\n', 1),
        ('def f():\n    """Do."""\n    return """a\n\n    b"""\n', 4),
    ],
)
def test_blanks_comments_and_docstrings_are_no_code(structure, text, lines):
    """A string that is a value is code, with its blank lines."""
    assert structure.code_lines(text) == lines


def test_the_lines_of_a_function_begin_at_its_def(structure):
    """So a decorator is not counted; a nested function is counted, and is part of the outer one."""
    text = "@property\ndef f(\n    a,\n):\n    def g():\n        return a\n    return g\n"
    assert sorted(structure.function_lines(text)) == [2, 6]
