"""Tasks stay thin, and the Python API is what they call."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from tasks import namespace
from tests.support.operator import CHECKOUT
from windlass import operations
from windlass.operations.request import Request

MODULES = sorted(path for path in (CHECKOUT / "tasks").glob("*.py") if path.stem != "__init__")
FUNCTIONS = {
    name: getattr(operations, name) for name in operations.__all__ if name not in ("Request", "load")
}
WITHOUT_HOSTS = {"config_check", "config_schema", "config_show", "init", "nginx_show", "trust"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_task_is_its_options_and_a_call(module: Path) -> None:
    tree = ast.parse(module.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.body[0].lineno + 1
            assert length <= 15 + (node.name == "init") * 5, f"{node.name} has {length} lines"


@pytest.mark.parametrize(
    "module", [path for path in MODULES if path.stem != "program"], ids=lambda path: path.stem
)
def test_no_module_of_tasks_imports_another(module: Path) -> None:
    tree = ast.parse(module.read_text())
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    assert relative == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_operation_says_what_it_does_and_takes_values(name: str) -> None:
    function = FUNCTIONS[name]
    assert inspect.getdoc(function)
    assert inspect.signature(function).return_annotation == "int"
    first = next(iter(inspect.signature(function).parameters.values()), None)
    assert name in WITHOUT_HOSTS or (first and first.annotation == Request.__name__)
    assert function.__module__.rpartition(".")[2] != name, "importing the module would hide the function"


def test_every_command_is_an_operation_but_the_demo() -> None:
    commands = {name.replace(".", "_").replace("-", "_") for name in namespace.task_names}
    assert commands - set(FUNCTIONS) == {"demo"}
