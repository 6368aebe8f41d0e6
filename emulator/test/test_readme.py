"""The README's tables are those of the docstrings, and name tests that exist."""

from __future__ import annotations

import pytest

import readme

DOCSTRING = '''"""It does as AWS does.

AWS: "A page" (A Guide, 2015-12-01)
Test: some.test.ts: it does: so

More.
"""
'''


def test_the_tables_are_up_to_date() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert readme.with_tables(text) == text, "run python3 emulator/readme.py"
    assert all(f"ministack_patches/{patch.name.replace('.', '/')}.py" in text for patch in readme.patches())


def test_every_test_that_a_patch_names_exists() -> None:
    assert list(readme.missing_tests(readme.patches())) == []
    wanted = [
        ("test_readme.py", "test_titles"),
        ("gone.test.ts", "it does"),
        ("test_readme.py", "test_the_tables_are_up_to_date"),
    ]
    missing = readme.missing_tests([readme.Facts("one", "It does.", (), tuple(wanted))])
    assert list(missing) == ["one: test_readme.py: test_titles", "one: gone.test.ts: it does"]


def test_a_docstring_tells_page_and_test() -> None:
    facts = readme.facts_of("one", DOCSTRING)
    assert (facts.says, facts.pages) == ("It does as AWS does.", ('"A page" (A Guide, 2015-12-01)',))
    assert facts.tests == (("some.test.ts", "it does: so"),)


@pytest.mark.parametrize(
    "change",
    [
        ('AWS: "A page" (A Guide, 2015-12-01)\n', ""),
        ("Test: some.test.ts: it does: so\n", ""),
        ("A page", ""),
        ("(A Guide, 2015-12-01)", ""),
        ("Test: some.test.ts", "Test: some.ts"),
        ("Test: ", "Tested: "),
    ],
)
def test_a_docstring_without_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="the docstring of patch one"):
        readme.facts_of("one", DOCSTRING.replace(*change))


def test_titles_are_found_in_both_languages() -> None:
    assert readme.titles_in("test('one (1)', async () => {});\n  test.each([1])('two %s', f)") == {"one (1)", "two %s"}
    assert readme.titles_in('test("that\'s it", f)\ndef test_three() -> None: ...') == {"that's it", "test_three"}
