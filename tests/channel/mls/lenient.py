"""A second copy of `channel.mls` that lacks one rule: what an attacker runs who wrote a library without it.

What the copy makes is right in everything but that rule, as far as the rest of the library can tell; and what it
accepts, when the real library refuses it, shows that nothing else would have stopped it. Only bytes pass between
the two.
"""

import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import channel.mls

FOLDER = Path(channel.mls.__file__).parent
PACKAGE = "lenient_mls"


class _Without(ast.NodeTransformer):
    """Takes out every `raise ValidationError` with one rule's number."""

    def __init__(self, rule: str) -> None:
        self.rule = rule

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        match node.exc:
            case ast.Call(func=ast.Name("ValidationError"), args=[ast.Constant(value), *_]) if (
                value == self.rule
            ):
                return ast.copy_location(ast.Pass(), node)
        return node


@cache
def _source(name: str) -> str:
    text = (FOLDER / f"{name}.py").read_text("utf-8")
    return text.replace("channel.mls", PACKAGE)


@cache
def _compiled(name: str) -> CodeType:
    return compile(_source(name), f"{PACKAGE}/{name}.py", "exec")


def _without(name: str, rule: str) -> CodeType:
    if f'"{rule}"' not in _source(name):
        return _compiled(name)
    tree = _Without(rule).visit(ast.parse(_source(name)))
    return compile(ast.fix_missing_locations(tree), f"{PACKAGE}/{name}.py", "exec")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the copy."""

    def __init__(self, rule: str) -> None:
        self.rule = rule

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != PACKAGE and not fullname.startswith(PACKAGE + "."):
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=fullname == PACKAGE)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__.removeprefix(PACKAGE).removeprefix(".") or "__init__"
        exec(_without(name, self.rule), vars(module))


class Library:
    """A library, its modules by name."""

    def __init__(self, load: Callable[[str], ModuleType]) -> None:
        self._load = load

    def __getattr__(self, name: str) -> Any:
        return self._load(name)


REAL = Library(lambda name: importlib.import_module(f"channel.mls.{name}"))
"""The real library."""


@contextmanager
def _importing(rule: str) -> Iterator[None]:
    finder = _Finder(rule)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]


@lru_cache(maxsize=1)
def library_without(rule: str) -> Library:
    """The library without a rule."""
    with _importing(rule):
        for path in FOLDER.glob("*.py"):
            importlib.import_module(PACKAGE if path.stem == "__init__" else f"{PACKAGE}.{path.stem}")
        modules = {name: module for name, module in sys.modules.items() if name.split(".")[0] == PACKAGE}
    return Library(lambda name: modules[f"{PACKAGE}.{name}"])
