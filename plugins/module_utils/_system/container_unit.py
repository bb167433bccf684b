# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that a container's unit runs, as systemd wants it written."""

from __future__ import annotations

import re
from typing import Any, Dict, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import container_limits

DOCKER = "/usr/bin/docker"
SECRET_IN_CONTAINER = "/run/yitiji/secret.env"  # noqa: S105 - a path, no secret
# Reads the secrets, then becomes the real command: nothing of them is on a command line or in `docker inspect`.
WITH_SECRETS = f'. {SECRET_IN_CONTAINER}; exec "$@"'
_PLAIN = re.compile(r"^[A-Za-z0-9_@:/.,+=-]+$")


def quote(word: str) -> str:
    """One argument of ExecStart; systemd reads no specifier or variable in it (LLM149)."""
    if "\n" in word or "\0" in word:
        raise Refusal("LLM149", why=say("a unit with a line break", value=word))
    text = word.replace("%", "%%").replace("$", "$$")
    if _PLAIN.match(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def exec_line(words: List[str]) -> str:
    """ExecStart with an option and its value on each line, for the people who read the unit."""
    lines: List[str] = []
    for before, word in zip(["", *words], words):
        text = quote(word)
        if lines and before.startswith("--") and not word.startswith("-") and " " not in lines[-1]:
            lines[-1] += " " + text
        else:
            lines.append(text)
    return " \\\n  ".join(lines)


def gpu_options(gpus: Any, mode: str) -> List[str]:
    """How GPUs are handed to a container: by CDI names or through the NVIDIA runtime."""
    if gpus in (None, [], ""):
        return []
    if mode == "cdi":
        names = ["all"] if gpus == "all" else [str(g) for g in gpus]
        return [part for name in names for part in ("--device", "nvidia.com/gpu=" + name)]
    return ["--gpus", "all" if gpus == "all" else '"device={}"'.format(",".join(str(g) for g in gpus))]


def container(settings: Dict[str, Any]) -> List[str]:
    """The `docker run` of a hardened service.

    settings: name, image, user, network, entrypoint (command of the image), args, env, tmpfs {path: options},
    mounts [{source, target, read_only}], ports ["127.0.0.1:8000:8000"], secrets (path or ""), shm_bytes, options,
    limits (of container_limits), group (words before `docker run`).
    """
    words = [*settings.get("group", []), DOCKER, "run", "--rm", "--name", settings["name"]]
    if settings["network"] != "host":
        words += ["--hostname", settings["name"]]
    words += ["--network", settings["network"], "--user", "{0}:{0}".format(settings["user"])]
    words += ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    # The journal keeps what the foreground prints; a second copy in Docker's own files would be twice the disk.
    words += ["--log-driver", "none", "--pull", "never"]
    for path, options in sorted(settings.get("tmpfs", {}).items()):
        words += ["--tmpfs", f"{path}:{options}"]
    if settings.get("shm_bytes"):
        words += ["--shm-size", str(settings["shm_bytes"])]
    words += container_limits.options(settings.get("limits") or {})
    words += [str(option) for option in settings.get("options", [])]
    for mount in settings.get("mounts", []):
        words += ["--mount", _mount(mount)]
    if settings.get("secrets"):
        words += ["--mount", _mount({"source": settings["secrets"], "target": SECRET_IN_CONTAINER, "read_only": True})]
    for name, value in sorted(settings.get("env", {}).items()):
        words += ["--env", f"{name}={value}"]
    for port in settings.get("ports", []):
        words += ["--publish", str(port)]
    command = [str(part) for part in settings["entrypoint"]] + [str(part) for part in settings["args"]]
    if settings.get("secrets"):
        return [*words, "--entrypoint", "/bin/sh", settings["image"], "-c", WITH_SECRETS, settings["name"], *command]
    if not command:
        return [*words, settings["image"]]
    return [*words, "--entrypoint", command[0], settings["image"], *command[1:]]


def _mount(mount: Dict[str, Any]) -> str:
    for part in (str(mount["source"]), str(mount["target"])):
        if "," in part or '"' in part:
            raise Refusal("LLM149", why=say("a mount with a comma", value=part))
    text = "type=bind,source={},target={}".format(mount["source"], mount["target"])
    return text + ",readonly" if mount.get("read_only") else text
