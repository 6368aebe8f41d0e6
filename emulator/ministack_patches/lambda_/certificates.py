"""The file of a function's runtime with Amazon's authorities has the one that signs databases' certificates.

AWS: "Using SSL/TLS to encrypt a connection to a DB instance" (Amazon RDS User Guide)
AWS: "Building Lambda functions with Node.js" (AWS Lambda Developer Guide)
Test: databases.test.ts: a function verifies a database’s certificate by the CA file of its runtime

AWS's Node.js runtimes have the file `/var/runtime/ca-cert.pem` and load it only for functions that ask
for it. A function of the emulator runs on the machine, which has no such file: a variable of its
environment that names the file names one of the emulator's own instead.
"""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import Any

from ministack.services import rds

from ..patch import Patch
from ..shapes import Original, Record

_OF_RUNTIME = "/var/runtime/ca-cert.pem"

PATCH = Patch(__name__)


@PATCH.wraps("ministack.core.lambda_runtime.Worker.__init__", digest="997453d4")
def _start_with_certificates(start: Original, worker: Any, func_name: str, config: Record, *more: Any) -> None:
    variables = (config.get("Environment") or {}).get("Variables") or {}
    if _OF_RUNTIME in variables.values():
        there = {name: authorities() if value == _OF_RUNTIME else value for name, value in variables.items()}
        config = {**config, "Environment": {**config["Environment"], "Variables": there}}
    start(worker, func_name, config, *more)


def authorities() -> str:
    """A file on this machine with the authority that signs databases' certificates."""
    file = Path(os.environ.get("EMULATOR_STATE_DIR") or tempfile.gettempdir(), "ca-cert.pem")
    if not file.exists():
        unfinished = file.with_suffix(f".{threading.get_ident()}")
        unfinished.write_text(rds.pg_ca_cert_pem(), encoding="utf-8")
        unfinished.rename(file)
    return str(file)
