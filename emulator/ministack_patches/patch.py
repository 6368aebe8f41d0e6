"""What a patch is: what it changes in MiniStack, what it expects to find there, and which patches come before it.

A patch is a module with a `PATCH`. Importing the module changes nothing: `PATCH` collects what is
to be changed, and `apply` in `start.py` applies all patches together. A target is written as the
dotted path of what is changed, with the keys of dictionaries in brackets:
`ministack.services.rds._ACTION_MAP[DeleteDBInstance]`.

    PATCH = Patch(__name__, after=["rds.automated_backups"])

    @PATCH.wraps("ministack.services.s3._list_objects_v1", digest="1f2e3d4c")
    def list_objects(original, bucket_name, query_params): ...

The digest is of the target's source in the MiniStack that the patch was written for. A MiniStack
that differs there ends the start: somebody has to read the new source, and to see whether the patch
is still right or still needed.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import os
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from types import CodeType, FunctionType
from typing import Any, TypeVar

PACKAGE = __name__.partition(".")[0]

_PATH = re.compile(r"([\w.]+)((?:\[[^\]]+\])*)")
_ABSENT = object()

Replacement = TypeVar("Replacement")


class PatchError(Exception):
    """A patch that cannot be applied, in one line that names the patch and its target."""


@dataclass
class Patch:
    """The changes of one module, which are made together or not at all."""

    module: str
    after: Sequence[str] = ()
    before: Sequence[str] = ()
    applied: bool = field(default=False, init=False)
    _changes: list[_Change] = field(default_factory=list, init=False)
    _finish: list[Callable[[], None]] = field(default_factory=list, init=False)

    @property
    def name(self) -> str:
        """The module's path inside the package, as other patches name it in `after` and `before`."""
        return self.module.removeprefix(f"{PACKAGE}.")

    def wraps(self, *targets: str, digest: str) -> Callable[[Replacement], Replacement]:
        """Calls the decorated function with the function that was there, followed by the call's own arguments.

        More than one target: the places where MiniStack keeps the same function.
        """
        return self._changing(targets, digest, _wrapped)

    def replaces(self, *targets: str, digest: str) -> Callable[[Replacement], Replacement]:
        """Puts the decorated function in the place of the one that was there."""
        return self._changing(targets, digest, lambda replacement, _: replacement)

    def edits(self, *targets: str, digest: str) -> Callable[[Replacement], Replacement]:
        """Puts there what the decorated function makes of the value that was there."""
        return self._changing(targets, digest, lambda edit, value: edit(value))

    def adds(self, *targets: str) -> Callable[[Replacement], Replacement]:
        """Puts the decorated function, or any value, where there was nothing."""
        return self._changing(targets, None, lambda addition, _: addition)

    def when_applied(self, finish: Callable[[], None]) -> Callable[[], None]:
        """Calls the decorated function once, after the changes: for what is no change of one target."""
        self._finish.append(finish)
        return finish

    def check(self) -> None:
        """@throws PatchError when a target is not what the patch was written for"""
        for change in self._changes:
            change.check(self.name)

    def apply(self) -> None:
        """@throws PatchError when the patch is applied already"""
        if self.applied:
            raise PatchError(f"patch {self.name} is applied already")
        self.applied = True
        for change in self._changes:
            change.apply(self.name)
        for finish in self._finish:
            finish()

    def slots(self) -> Iterable[tuple[str, object]]:
        """Each target with an identity that all targets share which hold the same function."""
        for change in self._changes:
            for target in change.targets:
                yield target, _identity(_slot(self.name, target))

    def _changing(
        self, targets: Sequence[str], digest: str | None, make: Callable[[Any, Any], Any]
    ) -> Callable[[Replacement], Replacement]:
        def collect(replacement: Replacement) -> Replacement:
            self._changes.append(_Change(tuple(targets), digest, functools.partial(make, replacement)))
            return replacement

        return collect


@dataclass(frozen=True)
class _Change:
    targets: tuple[str, ...]
    # None: nothing is there yet.
    digest: str | None
    make: Callable[[Any], Any]

    def check(self, patch: str) -> None:
        slots = [_slot(patch, target) for target in self.targets]
        for target, slot in zip(self.targets, slots, strict=True):
            value = slot.get()
            if (value is _ABSENT) != (self.digest is None):
                raise PatchError(f"patch {patch} does not fit: {target} is {'gone' if self.digest else 'there now'}")
            if self.digest is None:
                continue
            if value is not slots[0].get():
                raise PatchError(f"patch {patch} does not fit: {target} is not {self.targets[0]} any more")
            found = digest_of(value)
            if found != self.digest:
                raise PatchError(f"patch {patch} does not fit: the source of {target} is {found}, not {self.digest}")

    def apply(self, patch: str) -> None:
        slots = [_slot(patch, target) for target in self.targets]
        try:
            made = self.make(slots[0].get())
        except PatchError as misfit:
            raise PatchError(f"patch {patch} does not fit: in {self.targets[0]} {misfit}") from None
        for slot in slots:
            slot.set(_for_class(made) if isinstance(slot.container, type) else made)


@dataclass(frozen=True)
class _Slot:
    """One attribute of a module or class, or one key of a dictionary."""

    container: Any
    key: str
    is_entry: bool

    def get(self) -> Any:
        if self.is_entry:
            return self.container.get(self.key, _ABSENT)
        return getattr(self.container, self.key, _ABSENT)

    def set(self, value: Any) -> None:
        if self.is_entry:
            self.container[self.key] = value
        else:
            setattr(self.container, self.key, value)


def in_order(patches: Sequence[Patch]) -> list[Patch]:
    """The patches in an order that respects what each says of the others.

    @throws PatchError on a name that no patch has, and on patches that wait for each other
    """
    named = {patch.name: patch for patch in patches}
    predecessors: dict[str, set[str]] = {name: set() for name in named}
    for patch in patches:
        for other in (*patch.after, *patch.before):
            if other not in named:
                raise PatchError(f"patch {patch.name} names patch {other}, which does not exist")
        predecessors[patch.name].update(patch.after)
        for other in patch.before:
            predecessors[other].add(patch.name)
    try:
        return [named[name] for name in TopologicalSorter(predecessors).static_order()]
    except CycleError as cycle:
        raise PatchError(f"patches wait for each other: {' -> '.join(cycle.args[1])}") from None


def check_chains(ordered: Sequence[Patch]) -> None:
    """Two patches of one function know of each other, so that the order of the two is somebody's decision.

    @throws PatchError
    """
    last: dict[object, Patch] = {}
    for patch in ordered:
        for target, identity in patch.slots():
            earlier = last.get(identity)
            if earlier not in (None, patch) and earlier.name not in patch.after and patch.name not in earlier.before:
                raise PatchError(
                    f"patches {earlier.name} and {patch.name} both change {target}: the later one has to name the"
                    " earlier one in `after`"
                )
            last[identity] = patch


def substituted(text: str, old: str, new: str) -> str:
    """@throws PatchError when there is nothing to substitute: another patch has changed the same words"""
    if old not in text:
        raise PatchError(f"there is no {old.strip()!r}")
    return text.replace(old, new)


def with_substitutions(function: Callable[..., Any], *substitutions: tuple[str, str]) -> Callable[..., Any]:
    """The function made anew, in its module, of its source with each text replaced by the other one.

    @throws PatchError see `substituted`
    """
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in substitutions:
        source = substituted(source, old, new)
    made: dict[str, Callable[..., Any]] = {}
    exec(compile(source, inspect.getfile(function), "exec"), function.__globals__, made)
    return made[function.__name__]


def digest_of(value: Any) -> str:
    return hashlib.sha256(_described(value).encode()).hexdigest()[:8]


def _slot(patch: str, path: str) -> _Slot:
    match = _PATH.fullmatch(path)
    if match is None:
        raise PatchError(f"patch {patch} has a target that is no path: {path}")
    names, keys = match[1].split("."), re.findall(r"\[([^\]]+)\]", match[2])
    attributes = names if keys else names[:-1]
    try:
        container: Any = importlib.import_module(attributes[0])
        for at, name in enumerate(attributes[1:], 2):
            if not hasattr(container, name):
                importlib.import_module(".".join(attributes[:at]))
            container = getattr(container, name)
        for key in keys[:-1]:
            container = container[key]
    except (ImportError, AttributeError, KeyError):
        raise PatchError(f"patch {patch} does not fit: {path} is gone") from None
    return _Slot(container, keys[-1] if keys else names[-1], bool(keys))


def _identity(slot: _Slot) -> object:
    value = slot.get()
    if callable(value) and not isinstance(value, type):
        return id(_function_in(value))
    return id(slot.container), slot.key


def _wrapped(replacement: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    return functools.partial(replacement, original)


def _for_class(made: Any) -> Any:
    """A partial is no method: it would be called without its instance."""
    if not isinstance(made, functools.partial):
        return made

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return made(self, *args, **kwargs)

    return method


def _function_in(value: Any) -> Any:
    while hasattr(value, "__wrapped__"):
        value = value.__wrapped__
    return value


def _described(value: Any) -> str:
    value = _function_in(value)
    if isinstance(value, FunctionType):
        return _source_of(value.__code__)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_described(each)}' for key, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_described, value))})"
    # A number may depend on the machine, a text is the same on all.
    return value if isinstance(value, str) else type(value).__name__


_BEGINS_A_STATEMENT = re.compile(r"( *)(?:[A-Za-z_@#])")


def _source_of(code: CodeType) -> str:
    """The lines of a function, down to the next statement that is indented as little as its `def`.

    `inspect.getsource` reads token by token to find the same end, which would take a third of the
    start. A line of a multi-line string that looks like such a statement ends the source early: the
    digest then covers that much.
    """
    lines = _lines_of(code.co_filename)[code.co_firstlineno - 1 :]
    if not lines:
        return code.co_name
    indent = len(lines[0]) - len(lines[0].lstrip())
    end = 1
    if code.co_name != "<lambda>":
        # The first line is that of the first decorator.
        end += next(at for at, line in enumerate(lines) if line.lstrip().startswith(("def ", "async def ")))
    while end < len(lines):
        begun = _BEGINS_A_STATEMENT.match(lines[end])
        if begun and len(begun[1]) <= indent:
            break
        end += 1
    return "\n".join(lines[:end]).rstrip()


@functools.lru_cache
def _lines_of(file: str) -> list[str]:
    """None for what is no file: code that somebody made from a text."""
    if not os.path.exists(file):
        return []
    with open(file, encoding="utf-8") as source:
        return source.read().split("\n")
