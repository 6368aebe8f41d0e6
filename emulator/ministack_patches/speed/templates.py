"""A template that names no macro is not searched for macros.

AWS: "Perform custom processing on CloudFormation templates with template macros" (AWS CloudFormation User Guide)
AWS: "Get values stored in other services using dynamic references" (AWS CloudFormation User Guide)
Test: test_speed.py: test_a_template_that_names_no_macro_is_not_searched
Test: test_speed.py: test_a_template_is_searched_that_may_name_a_macro
Test: test_speed.py: test_dynamic_references_are_looked_for_where_they_may_be

CloudFormation takes as long for a stack, whoever makes it. MiniStack walks five times through each template
that a stack is made of, for macros and for functions of a transform, whose names the text of a template tells at once.
"""

from __future__ import annotations

import functools
from typing import Any

from ..patch import Patch, with_substitutions
from ..shapes import Original, Record

_CLOUDFORMATION = "ministack.services.cloudformation"
# Functions of macros, and whatever may spell them otherwise in JSON.
_TELLING = ('"Transform"', "Fn::Transform", "Fn::ForEach", "Fn::Length", "Fn::ToJsonString", "\\u")

_SEARCHES = """        for m in _DYNAMIC_REFERENCE.finditer(value):
"""
_SEARCHES_SOME = """        for m in _DYNAMIC_REFERENCE.finditer(value) if "{{resolve:" in value else ():
"""

PATCH = Patch(__name__)


class Plain(dict[str, Any]):
    """A template without a macro."""


@functools.lru_cache(maxsize=64)
def _is_plain(text: str) -> bool:
    """YAML has further ways to spell a name."""
    return text.lstrip().startswith("{") and not any(each in text for each in _TELLING)


@PATCH.wraps(
    *(f"{_CLOUDFORMATION}.{module}._parse_template" for module in ("engine", "handlers", "changesets")),
    digest="9452a1cf",
)
def _parse_and_remember(parse: Original, text: str) -> Record:
    template: Record = parse(text)
    return Plain(template) if _is_plain(text) else template


@PATCH.wraps(
    *(f"{_CLOUDFORMATION}.{module}._apply_transforms" for module in ("engine", "handlers", "changesets")),
    digest="78a29df7",
)
def _apply_to_others(transform: Original, template: Record, *parameters: Any) -> Record:
    transformed: Record = template if isinstance(template, Plain) else transform(template, *parameters)
    return transformed


@PATCH.wraps(f"{_CLOUDFORMATION}.handlers._uses_embedded_macro", digest="5e077ae7")
def _look_into_others(uses: Original, template: Record) -> bool:
    return not isinstance(template, Plain) and bool(uses(template))


@PATCH.edits(f"{_CLOUDFORMATION}.engine._find_dynamic_references", digest="476bae85")
def _look_where_they_may_be(find: Original) -> Original:
    return with_substitutions(find, (_SEARCHES, _SEARCHES_SOME))
