"""What a patch may do, and what ends the start of the emulator."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ministack_patches import start
from ministack_patches.patch import Patch, PatchError, check_chains, digest_of, in_order, substituted

SOURCE = """
SCRIPT = "let it be;"
CAP = 7
ROWS = (("one", len),)


def greet(name, greeting="Hello"):
    text = f"{greeting}, {name}"
    return text


async def greet_later(name):
    return f"later, {name}"


class Worker:
    def invoke(self, event):
        return f"{type(self).__name__}: {event}"


ACTIONS = {"Greet": greet, "Leave": lambda name: f"Bye, {name}"}
"""

Target = Callable[[str], str]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module that stands for one of MiniStack's."""
    (tmp_path / "stack_like.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("stack_like")
    del sys.modules["stack_like"]


def named(name: str, **others: list[str]) -> Patch:
    return Patch(f"ministack_patches.{name}", **others)


def wrapping(target: ModuleType, name: str, path: str = "stack_like.greet", **others: list[str]) -> Patch:
    """A patch that puts its name around what the target answers."""
    patch = named(name, **others)

    @patch.wraps(path, digest=digest_of(target.greet))
    def around(greet: Target, *args: Any) -> str:
        return f"{name}({greet(*args)})"

    return patch


class TestChanges:
    def test_a_wrapper_gets_the_original_and_the_arguments(self, target: ModuleType) -> None:
        patch = wrapping(target, "loud")
        assert target.greet("Ann") == "Hello, Ann"
        start.apply([patch])
        assert target.greet("Ann", "Hi") == "loud(Hi, Ann)"

    def test_a_function_is_wrapped_wherever_it_is_kept(self, target: ModuleType) -> None:
        patch = named("loud")

        @patch.wraps("stack_like.greet", "stack_like.ACTIONS[Greet]", digest=digest_of(target.greet))
        def loud(greet: Target, name: str) -> str:
            return greet(name).upper()

        start.apply([patch])
        assert target.greet("Ann") == target.ACTIONS["Greet"]("Ann") == "HELLO, ANN"

    def test_a_method_gets_its_instance(self, target: ModuleType) -> None:
        patch = named("worker")

        @patch.wraps("stack_like.Worker.invoke", digest=digest_of(target.Worker.invoke))
        def invoke(original: Callable[..., str], worker: Any, event: str) -> str:
            return f"{type(worker).__name__} was asked: {original(worker, event)}"

        start.apply([patch])
        assert target.Worker().invoke("ping") == "Worker was asked: Worker: ping"

    def test_a_coroutine_function_stays_one(self, target: ModuleType) -> None:
        patch = named("later")

        @patch.wraps("stack_like.greet_later", digest=digest_of(target.greet_later))
        async def later(original: Callable[..., Any], name: str) -> str:
            return f"much {await original(name)}"

        start.apply([patch])
        assert asyncio.iscoroutinefunction(target.greet_later)
        assert asyncio.run(target.greet_later("Ann")) == "much later, Ann"

    def test_values_are_edited_replaced_and_added(self, target: ModuleType) -> None:
        patch = named("values")
        done = []
        patch.edits("stack_like.SCRIPT", digest=digest_of(target.SCRIPT))(lambda script: script + " it be;")
        patch.edits("stack_like.CAP", digest=digest_of(8))(lambda cap: cap + 1)
        patch.replaces("stack_like.ACTIONS[Leave]", digest=digest_of(target.ACTIONS["Leave"]))(str.lower)
        patch.adds("stack_like.ACTIONS[Wave]")(str.upper)
        patch.when_applied(lambda: done.append(target.CAP))
        start.apply([patch])
        assert (target.SCRIPT, target.CAP, done) == ("let it be; it be;", 8, [8])
        assert (target.ACTIONS["Leave"]("Ann"), target.ACTIONS["Wave"]("Ann")) == ("ann", "ANN")

    def test_a_patch_knows_whether_it_is_applied_and_is_applied_once(self, target: ModuleType) -> None:
        patch = wrapping(target, "loud")
        before = patch.applied
        start.apply([patch])
        assert (before, patch.applied) == (False, True)
        with pytest.raises(PatchError, match="patch loud is applied already"):
            patch.apply()


class TestOrder:
    def test_after_and_before_decide_and_nothing_else(self, target: ModuleType) -> None:
        patches = [
            wrapping(target, "zebra", before=["middle"]),
            wrapping(target, "middle"),
            wrapping(target, "apple", after=["middle"]),
        ]
        for given in itertools.permutations(patches):
            assert [patch.name for patch in in_order(given)] == ["zebra", "middle", "apple"]
        start.apply(patches)
        assert target.greet("Ann") == "apple(middle(zebra(Hello, Ann)))"

    def test_a_name_that_no_patch_has_is_refused(self) -> None:
        for others in ({"after": ["gone"]}, {"before": ["gone"]}):
            with pytest.raises(PatchError, match=r"patch one names patch gone, which does not exist"):
                in_order([named("one", **others)])

    def test_patches_that_wait_for_each_other_are_refused(self) -> None:
        circle = [named("one", after=["two"]), named("two", after=["three"]), named("three", after=["one"])]
        with pytest.raises(PatchError, match=r"patches wait for each other: (\w+ -> ){3}\w+"):
            in_order(circle)

    def test_two_patches_of_one_function_have_to_know_of_each_other(self, target: ModuleType) -> None:
        both = [wrapping(target, "one"), wrapping(target, "two")]
        with pytest.raises(PatchError, match=r"patches one and two both change stack_like\.greet: .* in `after`"):
            start.apply(both)
        assert target.greet("Ann") == "Hello, Ann"

    def test_also_when_they_reach_it_by_other_ways(self, target: ModuleType) -> None:
        both = [wrapping(target, "one"), wrapping(target, "two", "stack_like.ACTIONS[Greet]")]
        with pytest.raises(PatchError, match=r"patches one and two both change stack_like\.ACTIONS\[Greet\]"):
            start.apply(both)

    def test_and_each_has_to_know_the_one_right_before_it(self, target: ModuleType) -> None:
        three = [
            wrapping(target, "one"),
            wrapping(target, "two", after=["one"]),
            wrapping(target, "three", after=["one"]),
        ]
        with pytest.raises(PatchError, match=r"patches (two and three|three and two) both change"):
            start.apply(three)

    def test_every_order_of_the_patches_that_there_are_makes_the_same(self, emulator: Path) -> None:
        """In a process of its own: other tests apply the patches."""
        program = """
from collections import defaultdict
from ministack_patches import patch, start

found, seen = start.found(), []
for given in (found, found[::-1], found[1::2] + found[::2]):
    chains = defaultdict(list)
    ordered = patch.in_order(given)
    patch.check_chains(ordered)
    for each in ordered:
        for _, identity in each.slots():
            if each.name not in chains[identity]:
                chains[identity].append(each.name)
    seen.append(dict(chains))
assert seen[0] == seen[1] == seen[2]
assert [each for each in seen[0].values() if len(each) > 2]
"""
        ran = subprocess.run([sys.executable, "-c", program], cwd=emulator, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, "")


class TestShape:
    def refused(self, patch: Patch, reason: str) -> None:
        with pytest.raises(PatchError) as refusal:
            start.apply([patch])
        assert str(refusal.value) == reason
        assert not patch.applied

    def test_another_source_is_refused(self, target: ModuleType) -> None:
        patch = named("loud")
        patch.replaces("stack_like.greet", digest="12345678")(str.upper)
        digest = digest_of(target.greet)
        self.refused(patch, f"patch loud does not fit: the source of stack_like.greet is {digest}, not 12345678")

    def test_before_anything_is_changed(self, target: ModuleType) -> None:
        good, bad = wrapping(target, "good"), named("bad", after=["good"])
        bad.replaces("stack_like.ACTIONS[Leave]", digest="12345678")(str.upper)
        with pytest.raises(PatchError, match="patch bad does not fit"):
            start.apply([good, bad])
        assert target.greet("Ann") == "Hello, Ann"
        assert not good.applied

    @pytest.mark.parametrize(
        "path", ["stack_like.wave", "stack_like.ACTIONS[Wave]", "stack_like.ACTIONS[Wave][big]", "stack_gone.greet"]
    )
    def test_a_target_that_is_gone_is_refused(self, target: ModuleType, path: str) -> None:
        patch = named("loud")
        patch.replaces(path, digest="12345678")(str.upper)
        self.refused(patch, f"patch loud does not fit: {path} is gone")

    def test_an_addition_that_is_there_already_is_refused(self, target: ModuleType) -> None:
        patch = named("loud")
        patch.adds("stack_like.ACTIONS[Greet]")(str.upper)
        self.refused(patch, "patch loud does not fit: stack_like.ACTIONS[Greet] is there now")

    def test_places_that_hold_different_functions_are_refused(self, target: ModuleType) -> None:
        patch = named("loud")
        patch.replaces("stack_like.greet", "stack_like.ACTIONS[Leave]", digest=digest_of(target.greet))(str.upper)
        self.refused(patch, "patch loud does not fit: stack_like.ACTIONS[Leave] is not stack_like.greet any more")

    @pytest.mark.parametrize(
        ("change", "is_seen"),
        [
            (("    return text", "    return text.strip()"), True),
            (('greeting="Hello"', 'greeting="Hi"'), True),
            (("later, {name}", "sooner, {name}"), False),
            (("CAP = 7", "CAP = 7\n\n\n# Further down"), False),
        ],
    )
    def test_the_digest_is_of_the_whole_function_and_of_no_other(
        self, target: ModuleType, tmp_path: Path, change: tuple[str, str], is_seen: bool
    ) -> None:
        assert change[0] in SOURCE
        (tmp_path / "stack_other.py").write_text(SOURCE.replace(*change))
        importlib.invalidate_caches()
        changed = importlib.import_module("stack_other")
        del sys.modules["stack_other"]
        assert (digest_of(changed.greet) != digest_of(target.greet)) == is_seen

    def test_a_row_and_a_number_have_a_digest_that_no_machine_changes(self, target: ModuleType) -> None:
        assert digest_of(7) == digest_of(8) != digest_of("7")
        assert digest_of(target.ROWS) != digest_of((*target.ROWS, ("two", len)))

    def test_words_that_are_gone_are_not_substituted(self, target: ModuleType) -> None:
        def changing(name: str, **others: list[str]) -> Patch:
            patch = named(name, **others)
            patch.edits("stack_like.SCRIPT", digest=digest_of("let it be;"))(
                lambda script: substituted(script, "let", "make")
            )
            return patch

        with pytest.raises(PatchError, match=r"patch two does not fit: in stack_like\.SCRIPT there is no 'let'"):
            start.apply([changing("one"), changing("two", after=["one"])])
        assert target.SCRIPT == "make it be;"


class TestStart:
    def test_patches_can_be_left_out_by_their_names(self, target: ModuleType) -> None:
        one, two = wrapping(target, "one"), wrapping(target, "two", after=["one"])
        assert start.apply([one, two], ["one"]) == [two]
        assert target.greet("Ann") == "two(Hello, Ann)"

    def test_a_name_that_no_patch_has_is_not_left_out(self, target: ModuleType) -> None:
        with pytest.raises(PatchError, match="there is no patch tow to leave out"):
            start.apply([wrapping(target, "two")], ["tow"])

    @pytest.mark.parametrize(
        ("change", "line"),
        [
            (
                "s3._list_objects_v1 = lambda bucket_name, query_params: None",
                "emulator: patch s3.policy_status does not fit: the source of ministack.services.s3._list_objects_v1 is"
                " ????????, not dc11a5e0 (MiniStack 1.5.33)",
            ),
            (
                "del s3._list_objects_v1",
                "emulator: patch s3.policy_status does not fit: ministack.services.s3._list_objects_v1 is gone"
                " (MiniStack 1.5.33)",
            ),
        ],
    )
    def test_a_misfit_ends_the_start_with_one_line(self, emulator: Path, change: str, line: str) -> None:
        program = f"import serve\nfrom ministack.services import s3\n{change}\nserve.apply_patches()"
        environment = {**os.environ, "EMULATOR_WITHOUT_PATCH": ""}
        ran = subprocess.run(
            [sys.executable, "-c", program],
            cwd=emulator,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        told = ran.stderr.splitlines()
        assert (ran.returncode, len(told)) == (1, 1)
        assert [got for got, wanted in zip(told[0], line, strict=True) if wanted != "?"] == [
            wanted for wanted in line if wanted != "?"
        ]


def test_a_patch_is_named_as_its_module() -> None:
    assert named("s3.account_key").name == "s3.account_key"
    check_chains([named("s3.account_key")])
