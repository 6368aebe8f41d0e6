"""Finds the patches of this package and applies them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Sequence

from .patch import PACKAGE, Patch, PatchError, check_chains, in_order


def found() -> list[Patch]:
    """Every `PATCH` of the package. Where they stand in this list means nothing: `in_order` decides.

    @throws PatchError when a module cannot be imported: MiniStack has lost what the module uses
    """
    package = importlib.import_module(PACKAGE)
    patches = []
    for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        try:
            patch = getattr(importlib.import_module(module.name), "PATCH", None)
        except Exception as reason:
            raise PatchError(f"patch {module.name.removeprefix(f'{PACKAGE}.')} does not fit: {reason}") from reason
        if patch is not None:
            patches.append(patch)
    return patches


def apply(patches: Sequence[Patch], left_out: Collection[str] = ()) -> list[Patch]:
    """Checks all patches before it applies the first one; answers those that it has applied, in their order.

    @throws PatchError nothing has been changed then
    """
    ordered = in_order(patches)
    unknown = set(left_out) - {patch.name for patch in ordered}
    if unknown:
        raise PatchError(f"there is no patch {', '.join(sorted(unknown))} to leave out")
    check_chains(ordered)
    applied = [patch for patch in ordered if patch.name not in left_out]
    for patch in applied:
        patch.check()
    for patch in applied:
        patch.apply()
    return applied
