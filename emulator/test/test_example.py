"""The example of an application in Python (examples/python/app.py)."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/python/app.py"


def test_a_tenant_has_two_connections_whatever_sessions_have_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOMAIN", "TABLE_NAME"):
        monkeypatch.setenv(name, "funnels.example")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    session = runpy.run_path(str(EXAMPLE))["Session"]
    taken = [
        session({"tenantId": tenant}, None, 0.0).connections.acquire(blocking=False) for tenant in ("a", "a", "a", "b")
    ]
    assert taken == [True, True, False, True]
