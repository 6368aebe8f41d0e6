from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

# MiniStack reads its settings when it is imported.
_DIR = tempfile.TemporaryDirectory()
os.environ.update(S3_DATA_DIR=_DIR.name, STATE_DIR=_DIR.name, IOT_MTLS_ENABLED="0", SFTP_ENABLED="0")


@pytest.fixture(scope="session")
def patched() -> None:
    """MiniStack in this process, with all patches but those that EMULATOR_WITHOUT_PATCH names."""
    from ministack_patches import start

    start.apply(start.found(), [name for name in os.environ.get("EMULATOR_WITHOUT_PATCH", "").split(",") if name])


@pytest.fixture
def emulator() -> Path:
    return Path(__file__).resolve().parent.parent
