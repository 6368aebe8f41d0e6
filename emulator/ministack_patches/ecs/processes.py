"""A task is a local process: its image is a bundle in the emulated registry, its role gives it credentials.

AWS: "Amazon ECS task lifecycle" (Amazon ECS Developer Guide)
AWS: "Amazon ECS task IAM role" (Amazon ECS Developer Guide)
AWS: "CannotPullContainer task errors in Amazon ECS" (Amazon ECS Developer Guide)
Test: ecs.test.ts: a task runs its image with the environment of both and the credentials of its task role
Test: ecs.test.ts: an image may name its own interpreter
Test: ecs.test.ts: a deployment whose image %s fails, with the reason

There is no Docker. The image of a task is looked up in the emulated ECR: its manifest names one
layer, which is a file, and Node runs the file; a file whose first line names an interpreter (`#!`)
is run by that. The image's own environment comes before that of the task definition. An image that is not there cannot be pulled. MiniStack runs tasks on Docker, or only
pretends to run them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ministack.services import ecr, ecs

from ..lambda_.certificates import authorities
from ..patch import Patch
from ..shapes import Record

_ECS = "ministack.services.ecs"
LOOPBACK = "127.0.0.1"
_REGISTRY = re.compile(r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/")
_IMAGE = re.compile(r"^(?P<repository>[^@:]+)(?:@(?P<digest>sha256:[0-9a-f]+)|:(?P<tag>[^@]+))?$")
# Requests that the load balancer sent before it knew of the end still arrive.
_DRAIN_SECONDS = 0.5
_KILL_SECONDS = 5.0

PATCH = Patch(__name__)


class NoSuchImage(Exception):
    """The registry has no such image."""


def _image(uri: str) -> Record:
    match = _IMAGE.match(_REGISTRY.sub("", uri))
    if match:
        name = {"imageDigest": match["digest"], "imageTag": None if match["digest"] else match["tag"]}
        found = ecr._find_image(match["repository"], name)
        if found:
            return {**found, "repository": match["repository"]}
    raise NoSuchImage(f"failed to resolve reference {uri}: not found")


def _bundle(image: Record) -> Path:
    """The file of the image's one layer, written once for each digest."""
    [layer] = json.loads(image["imageManifest"])["layers"]
    content: bytes = ecr._layer_blobs[image["repository"]][layer["digest"]]
    folder = Path(os.environ.get("EMULATOR_STATE_DIR", ".")) / "images" / hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "server.js"
    if not file.exists():
        written = file.with_suffix(f".{threading.get_ident()}")
        written.write_bytes(content)
        written.rename(file)
    return file


def _environment(image: Record) -> dict[str, str]:
    """ENV of its Dockerfile ("OCI Image Configuration")."""
    name = json.loads(image["imageManifest"])["config"]["digest"]
    config = json.loads(ecr._layer_blobs[image["repository"]][name]).get("config") or {}
    return dict(each.split("=", 1) for each in config.get("Env") or [])


def _command(file: Path) -> list[str]:
    """A script in Python finds the libraries beside the emulator, as an image has its own."""
    with file.open("rb") as content:
        if content.read(2) != b"#!":
            return ["node", str(file)]
    file.chmod(0o755)
    return [str(file)]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        return int(free.getsockname()[1])


class Container:
    """What MiniStack asks of a container of Docker's, of a process."""

    def __init__(self, image: str, environment: dict[str, str], role_arn: str) -> None:
        found = _image(image)
        file = _bundle(found)
        self.port = _free_port()
        gateway = f"http://{LOOPBACK}:{os.environ['GATEWAY_PORT']}"
        self._log = file.parent / f"{self.port}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                _command(file),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                    **_environment(found),
                    **environment,
                    "HOST": LOOPBACK,
                    "PORT": str(self.port),
                    # "Amazon ECS environment variables": boto3 reads the second alone.
                    "AWS_REGION": os.environ["AWS_REGION"],
                    "AWS_DEFAULT_REGION": os.environ["AWS_REGION"],
                    "AWS_ENDPOINT_URL": gateway,
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{gateway}/_local/credentials?role={quote(role_arn, safe='')}",
                    "AWS_EC2_METADATA_DISABLED": "true",
                    # An image has AWS's bundle of authorities for its databases.
                    "NODE_EXTRA_CA_CERTS": authorities(),
                    "PGSSLROOTCERT": authorities(),
                },
            )
        self.id = hashlib.sha256(f"{self._process.pid}-{time.time_ns()}".encode()).hexdigest()
        self.attrs = {"NetworkSettings": {"Networks": {"local": {"IPAddress": LOOPBACK}}}}

    def reload(self) -> None:
        """The process is asked each time."""

    @property
    def status(self) -> str:
        return "running" if self._process.poll() is None else "exited"

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """As the kernel does with a container that needs more memory than it has."""
        self._process.kill()

    def wait(self) -> Record:
        """Docker tells the signal that ended a process as 128 and its number."""
        code = self._process.wait()
        return {"StatusCode": 128 - code if code < 0 else code}

    def stop(self, timeout: float = _KILL_SECONDS) -> None:
        threading.Thread(target=self._end, args=(timeout,), daemon=True, name="task-end").start()

    def _end(self, timeout: float) -> None:
        time.sleep(_DRAIN_SECONDS)
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def remove(self, **_: Any) -> None:
        _containers.pop(self.id, None)

    def logs(self, **_: Any) -> Iterator[bytes]:
        """Whole lines as they come, until the process has ended."""
        with self._log.open("rb") as log:
            rest = b""
            while True:
                ended = self._process.poll() is not None
                rest += log.read()
                lines, _end, rest = rest.rpartition(b"\n")
                if lines:
                    yield lines
                if ended:
                    break
                time.sleep(0.1)
            if rest:
                yield rest


_containers: dict[str, Container] = {}


def container_of(task: Record) -> Container | None:
    return next((_containers[name] for name in task.get("_docker_ids") or [] if name in _containers), None)


class _Containers:
    def get(self, name: str) -> Container:
        return _containers[name]


class _Images:
    def get(self, image: str) -> Record:
        return _image(image)

    def get_registry_data(self, image: str, **_: Any) -> Any:
        class Found:
            id = _image(image)["imageDigest"]

        return Found


class _Client:
    containers = _Containers()
    images = _Images()


_CLIENT = _Client()


@PATCH.replaces(f"{_ECS}._get_docker", digest="2fc5018e")
def _get_client() -> _Client:
    return _CLIENT


@PATCH.replaces(f"{_ECS}._run_docker_container", digest="7460b475")
def _run_container(_: Any, definition: Record, run: Record, **__: Any) -> Container:
    try:
        container = Container(definition["image"], run["environment"], run["labels"]["taskRoleArn"])
    except NoSuchImage as absent:
        raise ecs._ImagePullError(str(absent)) from absent
    _containers[container.id] = container
    return container


@PATCH.wraps(f"{_ECS}._build_run_kwargs", digest="34ccff18")
def _with_role(build: Any, definition: Record, task_definition: Record, *args: Any) -> Record:
    run: Record = build(definition, task_definition, *args)
    run["labels"]["taskRoleArn"] = task_definition.get("taskRoleArn") or ""
    return run
