"""Keeps the tables of README.md as the docstrings of the patches have it.

    python3 emulator/readme.py           writes the tables
    python3 emulator/readme.py --check   ends with 1 when they differ from the docstrings

A patch's docstring begins with one sentence, followed by a paragraph of lines in this form:

    AWS: "Title of the page" (Guide)      what AWS documents; `AWS: none: REASON` where it is not of AWS
    Test: file.test.ts: title of a test   a test that fails without the patch
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATCHES = HERE / "ministack_patches"
TESTS = HERE / "test"
README = HERE / "README.md"

_TABLE = re.compile(r"(<!-- patches: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_PAGE = re.compile(r'"[^"]+" \([^()]+(?:\([^()]*\)[^()]*)?\)|none: .+')
_TEST = re.compile(r"([\w-]+\.(?:test\.ts|py)): (.+)")


@dataclass(frozen=True)
class Facts:
    """What the docstring of a patch tells."""

    name: str
    says: str
    pages: tuple[str, ...]
    tests: tuple[tuple[str, str], ...]


def patches() -> list[Facts]:
    return [
        facts_of(name, text)
        for file in sorted(PATCHES.rglob("*.py"))
        if re.search(r"^PATCH = Patch\(", text := file.read_text(encoding="utf-8"), re.M)
        for name in [".".join(file.relative_to(PATCHES).with_suffix("").parts)]
    ]


def facts_of(name: str, source: str) -> Facts:
    """@throws ValueError when the docstring has another form"""
    says, _, rest = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")
    pages, tests = [], []
    for line in rest.partition("\n\n")[0].split("\n"):
        kind, _, told = line.partition(": ")
        if kind == "AWS" and _PAGE.fullmatch(told):
            pages.append(told)
        elif kind == "Test" and (test := _TEST.fullmatch(told)):
            tests.append((test[1], test[2]))
        else:
            raise ValueError(f"the docstring of patch {name} has another form: {line}")
    if not says or not pages or not tests:
        raise ValueError(f"the docstring of patch {name} tells no {'page' if tests else 'test'}")
    return Facts(name, says.replace("\n", " "), tuple(pages), tuple(tests))


def missing_tests(of: Iterable[Facts]) -> Iterator[str]:
    """Tests that a docstring names and that do not exist."""
    for patch in of:
        for file, title in patch.tests:
            path = TESTS / file
            if not path.exists() or title not in titles_in(path.read_text(encoding="utf-8")):
                yield f"{patch.name}: {file}: {title}"


def titles_in(source: str) -> set[str]:
    """Titles of the tests in a file of either language."""
    quoted = re.findall(r"""(?:\btest|\]\))\(\s*(['"`])((?:(?!\1).)+)\1""", source)
    return {title for _, title in quoted} | set(re.findall(r"^def (test_\w+)", source, re.M))


def with_tables(text: str) -> str:
    def table(match: re.Match[str]) -> str:
        return f"{match[1]}\n{_table(match[2])}\n\n{match[3]}"

    return _TABLE.sub(table, text)


def _table(kind: str) -> str:
    apart = ("controls", "speed")
    rows = [
        f"| [{patch.name}](ministack_patches/{patch.name.replace('.', '/')}.py): {_cell(patch.says)} |"
        f" {'<br>'.join(map(_cell, patch.pages))} |"
        f" {'<br>'.join(f'[{_cell(title)}](test/{file})' for file, title in patch.tests)} |"
        for patch in patches()
        if (folder := patch.name.partition(".")[0]) == kind or (kind == "fidelity" and folder not in apart)
    ]
    return "\n".join(["| patch | what AWS documents | test |", "|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main() -> int:
    text = README.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        return int(with_tables(text) != text)
    README.write_text(with_tables(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
