"""What of a new database's data is kept for every instance to start from."""

from __future__ import annotations

from pathlib import Path


def test_the_template_has_all_data_and_no_maps(tmp_path: Path) -> None:
    from postgres import template

    data, kept = tmp_path / "data", tmp_path / "kept"
    for name in ("PG_VERSION", "base/1/1255", "base/1/1255_fsm", "base/1/1255_vm", "base/1/2619", "global/1260"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(name)
    template.keep(data, kept)
    files = {str(each.relative_to(kept)) for each in kept.rglob("*") if each.is_file()}
    assert files == {"PG_VERSION", "base/1/1255", "base/1/2619", "global/1260"}
