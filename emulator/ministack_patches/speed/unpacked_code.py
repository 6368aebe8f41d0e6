"""A function's code and layers are unpacked once, and Node keeps what it has compiled of them.

AWS: "Deploy Node.js Lambda functions with .zip file archives" (AWS Lambda Developer Guide)
AWS: "Managing Lambda dependencies with layers" (AWS Lambda Developer Guide)
Test: functions.test.ts: processes of one code share its folder, and what Node compiled there; another code has another
Test: test_speed.py: test_code_is_unpacked_once_and_never_seen_half

On AWS the processes of a function read their code and layers in folders that they cannot change.
MiniStack unpacks both anew for each process, into a folder of a name of its own, and Node compiles
all of it again. With this patch the folder is named after its content and shared by all processes
of all emulators that have the same EMULATOR_CODE_DIR. It comes into being as a whole. The code that
Node has compiled until its first answer lies beside it.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ministack.services import lambda_svc

from ..patch import Patch, substituted, with_substitutions
from ..shapes import Original

# A platform has some fifty functions; those that were used last are kept.
_KEPT = 300

_UNPACKS_CODE = """    code_dir = os.path.join(self._tmpdir, "code")
    os.makedirs(code_dir)
    with open(os.path.join(self._tmpdir, "code.zip"), "wb") as f:
        f.write(self.code_zip)
    with zipfile.ZipFile(os.path.join(self._tmpdir, "code.zip")) as zf:
        zf.extractall(code_dir)
"""
_UNPACKS_LAYERS = """    layers_dirs: list[str] = []
    layer_refs = self.config.get("Layers", [])
"""
_LOADS = """        const fullPath = path.resolve(code_dir, modPath);
"""
_SETTLES = """        if (settled) return;
        settled = true;
"""

PATCH = Patch(__name__, after=["lambda_.errors", "lambda_.logs"])


@PATCH.edits("ministack.core.lambda_runtime.Worker._spawn", digest="ebb0a78a")
def _spawn_in_shared_folder(spawn: Original) -> Original:
    return with_substitutions(
        spawn,
        (_UNPACKS_CODE, "    code_dir, layers_dirs = _shared_folders(self)\n"),
        (_UNPACKS_LAYERS, "    layer_refs = []\n"),
    )


@PATCH.edits("ministack.core.lambda_runtime._NODEJS_WORKER_SCRIPT", digest="4c6fe8a4")
def _keep_compiled(script: str) -> str:
    """What a function compiles for its first answer is kept, too. The second answer finds nothing to keep."""
    enabled = '        Module.enableCompileCache(path.join(code_dir, "../compiled"));\n'
    script = substituted(script, _LOADS, enabled + _LOADS)
    return substituted(script, _SETTLES, _SETTLES + "        setImmediate(() => Module.flushCompileCache());\n")


@PATCH.adds("ministack.core.lambda_runtime._shared_folders")
def _shared_folders(worker: Any) -> tuple[str, list[str]]:
    """@return the folder of the function's code, and those of its layers"""
    layers = [lambda_svc._resolve_layer_zip(layer) for layer in worker.config.get("Layers") or []]
    home = unpacked(_home(), worker.code_zip, [layer for layer in layers if layer])
    return str(home / "code"), [str(layer) for layer in sorted(home.glob("layer_*"))]


def _home() -> Path:
    return Path(os.environ.get("EMULATOR_CODE_DIR") or Path(os.environ.get("EMULATOR_STATE_DIR", "."), "code"))


def unpacked(folder: Path, code: bytes, layers: Sequence[bytes]) -> Path:
    """The folder of this content, with `code` and a `layer_0` and so on for each layer."""
    digest = hashlib.sha256()
    for content in (code, *layers):
        digest.update(hashlib.sha256(content).digest())
    home = folder / digest.hexdigest()[:32]
    while True:
        if not home.exists():
            _make(home, code, layers)
            _forget_old(folder)
        try:
            os.utime(home)
        except FileNotFoundError:
            # Another process has just removed it as one that was used long ago.
            continue
        return home


def _make(home: Path, code: bytes, layers: Sequence[bytes]) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".") as unfinished:
        building = Path(unfinished, home.name)
        _unpack(building, code, layers)
        try:
            building.rename(home)
        except OSError:
            # Another process was faster.
            if not home.exists():
                raise


def _unpack(home: Path, code: bytes, layers: Sequence[bytes]) -> None:
    for name, content in (("code", code), *((f"layer_{at}", layer) for at, layer in enumerate(layers))):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(home / name)
    # `import` finds a layer's packages in no variable of the environment, but beside the code.
    modules = home / "code" / "node_modules"
    for layer in sorted(home.glob("layer_*")):
        for package in layer.glob("nodejs/node_modules/*"):
            modules.mkdir(exist_ok=True)
            link = modules / package.name
            if not link.exists():
                link.symlink_to(os.path.relpath(package, modules))


def _forget_old(folder: Path) -> None:
    homes = sorted(folder.glob("[!.]*"), key=_last_used, reverse=True)
    for home in homes[_KEPT:]:
        shutil.rmtree(home, ignore_errors=True)


def _last_used(home: Path) -> float:
    try:
        return home.stat().st_mtime
    except FileNotFoundError:
        # Another process has removed it meanwhile.
        return 0.0
