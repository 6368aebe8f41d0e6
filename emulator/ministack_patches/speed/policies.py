"""A policy is parsed once, and not twice for every request.

AWS: "Policy evaluation logic" (IAM User Guide)
Test: test_speed.py: test_a_policy_is_parsed_once
Test: test_speed.py: test_a_resource_policy_is_parsed_once
Test: test_speed.py: test_an_action_is_compared_with_a_pattern_once

AWS decides a request from the policies that apply to it, however many requests there were before.
MiniStack parses the policies of each request, looks through their conditions, compares the action with
each of their patterns, and compiles the patterns again once it has seen many.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from typing import Any

from ministack.core import iam_evaluator

from ..patch import Patch, with_substitutions
from ..shapes import Original, Record

_EVALUATOR = "ministack.core.iam_evaluator"
_REMEMBERED = 4096

_LOADS = """            doc = json.loads(doc)
"""
_PARSES = """    return evaluate(ctx, [parse_policy_document({"Statement": applicable})])"""

_statements: dict[int, tuple[Record, list[Any]]] = {}
_keys: dict[int, tuple[list[Any], set[str]]] = {}

PATCH = Patch(__name__)


@PATCH.edits(f"{_EVALUATOR}.parse_policy_document", digest="6f4f1bc6")
def _parse_once(parse: Original) -> Original:
    parse_text = functools.lru_cache(maxsize=_REMEMBERED)(parse)
    return lambda doc: parse_text(doc) if isinstance(doc, str) else parse(doc)


@PATCH.edits(f"{_EVALUATOR}.evaluate_resource_policy", digest="e8cb17da")
def _parse_statements_once(evaluate: Original) -> Original:
    """Which statements apply depends on the caller, so each is parsed by itself."""
    return with_substitutions(
        evaluate,
        (_LOADS, "            doc = _loaded_policy(doc)\n"),
        (_PARSES, "    return evaluate(ctx, [_parsed_statements(applicable)])"),
    )


PATCH.adds(f"{_EVALUATOR}._loaded_policy")(functools.lru_cache(maxsize=_REMEMBERED)(json.loads))


@PATCH.adds(f"{_EVALUATOR}._parsed_statements")
def _parsed_statements(statements: list[Record]) -> list[Any]:
    return [parsed for statement in statements for parsed in _parsed(statement)]


def _parsed(statement: Record) -> list[Any]:
    """By the statement itself, which stays with its policy; that of a policy without a text is another one each time."""
    known = _statements.get(id(statement))
    if known is None or known[0] is not statement:
        if len(_statements) > _REMEMBERED:
            _statements.clear()
        parsed = iam_evaluator.parse_policy_document({"Statement": [statement]})
        known = _statements[id(statement)] = statement, parsed
    return known[1]


@PATCH.replaces(f"{_EVALUATOR}._names_condition_key", digest="ad598163")
def _names_condition_key(policies: Iterable[list[Any]], prefix: str) -> bool:
    return any(key.startswith(prefix) for statements in policies for key in _condition_keys(statements))


def _condition_keys(statements: list[Any]) -> set[str]:
    known = _keys.get(id(statements))
    if known is None or known[0] is not statements:
        blocks = [block for each in statements for block in each.conditions.values() if isinstance(block, dict)]
        if len(_keys) > _REMEMBERED:
            _keys.clear()
        known = _keys[id(statements)] = statements, {key.lower() for block in blocks for key in block}
    return known[1]


@PATCH.edits(f"{_EVALUATOR}.fnmatch_iam", digest="4872a2a4")
def _remember_actions(matches: Original) -> Original:
    """There are some hundred actions and as many patterns for them, and each request meets most of its caller's."""
    return functools.lru_cache(maxsize=65536)(matches)


@PATCH.edits(f"{_EVALUATOR}._fnmatch_compile", digest="2a820d82")
def _remember_patterns(compiled: Original) -> Original:
    """Patterns with a tenant's id in them fill a cache that never forgets, and then every pattern is compiled each time."""
    return functools.lru_cache(maxsize=16384)(compiled)
