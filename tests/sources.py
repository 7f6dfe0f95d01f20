"""The source of our packages as syntax trees, and what can be seen in one without running it."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]

_MUTABLE_CALLS: Final = {
    *("list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict", "ChainMap"),
    *("WeakKeyDictionary", "WeakValueDictionary", "WeakSet", "count", "cycle", "local", "Queue", "SimpleQueue"),
}
_MUTABLE_DISPLAYS: Final = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MUTATING_METHODS: Final = {
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("update", "setdefault", "popitem", "add", "discard"),
    *("difference_update", "intersection_update", "symmetric_difference_update"),
}
_CACHES: Final = {"cache", "lru_cache"}
_LOCKS: Final = {"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier"}
_NOW: Final = {"now", "utcnow", "today"}


@dataclass(frozen=True)
class Module:
    """A module's dotted name and its source."""

    name: str
    text: str
    package: bool = False

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the mock and of the contract tests."""
    return tuple(
        _module(path) for package in ("mockserver", "contracts") for path in sorted((ROOT / package).rglob("*.py"))
    )


def under(prefix: str) -> list[Module]:
    """The modules of a package, itself included."""
    return [module for module in modules() if within(module.name, prefix)]


def within(name: str, prefix: str) -> bool:
    """Whether a dotted name is `prefix` or inside it."""
    return name == prefix or name.startswith(f"{prefix}.")


def imports(module: Module) -> Iterator[str]:
    """The dotted names that a module imports anywhere; `from a import b` gives "a.b"."""
    return _imports(module, ast.walk(module.tree))


def loading_imports(start: str) -> set[str]:
    """Every name imported while `start` loads, by it or by a module of ours that it brings in."""
    known = {module.name: module for module in modules()}
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        # A package loads before what is in it; "a.b" may be the name b of the module a.
        waiting += [name.rpartition(".")[0]] if "." in name else []
        if name in known:
            waiting += _imports(known[name], _loading(known[name].tree))
    return reached - set(known)


def time_reads(module: Module) -> set[str]:
    """What a module uses of `time`, by name."""
    used = {name.partition(".")[2] for name in imports(module) if name.startswith("time.")}
    if "time" in imports(module):
        for node in ast.walk(module.tree):
            match node:
                case ast.Attribute(value=ast.Name(id="time"), attr=attr):
                    used.add(attr)
    return used


def clock_reads(module: Module) -> Iterator[str]:
    """Calls of datetime's or date's now, utcnow, today."""
    for call in _calls(module.tree):
        match call.func:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=attr):
                if owner in ("datetime", "date") and attr in _NOW:
                    yield f"{owner}.{attr} in line {call.lineno}"


def builtin_calls(module: Module, names: set[str]) -> Iterator[str]:
    """Calls of the builtins with these names."""
    for call in _calls(module.tree):
        if isinstance(call.func, ast.Name) and call.func.id in names:
            yield f"{call.func.id} in line {call.lineno}"


def locks(module: Module) -> Iterator[str]:
    """Names of threading's and multiprocessing's locks that a module imports or reaches for."""
    for name in imports(module):
        origin, _, last = name.rpartition(".")
        if origin in ("threading", "multiprocessing", "_thread") and last in {*_LOCKS, "allocate_lock"}:
            yield name
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(value=ast.Name(id="threading" | "multiprocessing"), attr=attr) if attr in _LOCKS:
                yield f"{attr} in line {node.lineno}"


def global_randomness(module: Module) -> Iterator[str]:
    """Uses of the shared generator anywhere, and generators made while the module loads."""
    for name in imports(module):
        if within(name, "random") and name != "random.Random":
            yield name
    for statement in module.tree.body:
        for node in _loading(statement):
            match node:
                case ast.Call(func=ast.Name(id="Random")):
                    yield f"Random() in line {node.lineno}"


def integers(module: Module) -> Iterator[tuple[int, int]]:
    """Integer literals, each with its line."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield node.value, node.lineno


def strings(module: Module) -> Iterator[tuple[str, int]]:
    """String literals and the fixed parts of f-strings, each with its line."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.lineno


def module_state(module: Module) -> Iterator[str]:
    """What a module keeps between calls, or could.

    A name bound at module level to a list, dict or set (a display, a comprehension, or a call of a type that
    changes) passes only as a table: UPPER_CASE, annotated Final, never changed by an assignment to an item or by a
    method that changes it. `global` statements and functions with a cache of their own never pass.
    """
    tree = module.tree
    tables: set[str] = set()
    for statement in tree.body:
        for name, value, final in _bindings(statement):
            if not _mutable(value):
                continue
            tables.add(name)
            if not (final and name.strip("_").isupper()):
                yield f"{name} in line {statement.lineno} is not an UPPER_CASE Final table"
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in statement.decorator_list:
                if _CACHES & {n.id if isinstance(n, ast.Name) else n.attr for n in _names(decorator)}:
                    yield f"{statement.name} in line {statement.lineno} keeps a cache"
    for node in ast.walk(tree):
        match node:
            case ast.Global(names=names):
                yield f"global {', '.join(names)} in line {node.lineno}"
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name in tables:
                yield f"{name} is changed in line {node.lineno}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if name in tables:
                if attr in _MUTATING_METHODS:
                    yield f"{name} is changed in line {node.lineno}"


def _module(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    package = parts[-1] == "__init__"
    return Module(".".join(parts[:-1] if package else parts), path.read_text(encoding="utf-8"), package)


def _origin(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    here = module.name.split(".")
    kept = len(here) - node.level + module.package
    return ".".join([*here[:kept], *([node.module] if node.module else [])])


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _loading(node: ast.AST) -> Iterator[ast.AST]:
    """What runs while a module loads: bodies of functions wait, imports for the type checker never run."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    if isinstance(node, ast.If) and any(getattr(n, "id", "") == "TYPE_CHECKING" for n in ast.walk(node.test)):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _loading(child)


def _imports(module: Module, nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(module, node)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def _names(node: ast.AST) -> Iterator[ast.Name | ast.Attribute]:
    return (part for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute))


def _bindings(statement: ast.stmt) -> Iterator[tuple[str, ast.expr, bool]]:
    """Name, value, and whether it is Final."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name) and target.id != "__all__":
                    yield target.id, value, False
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value) if value is not None:
            yield name, value, any(getattr(n, "id", getattr(n, "attr", "")) == "Final" for n in _names(annotation))


def _mutable(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        func = value.func
        return (func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")) in _MUTABLE_CALLS
    return isinstance(value, _MUTABLE_DISPLAYS)
