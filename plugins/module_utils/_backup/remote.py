# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of the backups on another machine, by rclone: over SSH (SFTP) or to S3-compatible storage."""

from __future__ import annotations

import hashlib
import subprocess
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import keep
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sure import sure
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run

PROGRAM = "rclone"
PART = ".part"
ASK_SECONDS = 120


def settings_file(remote: Mapping[str, Any], folder: str, secrets: Mapping[str, str]) -> str:
    """rclone's configuration; it lies in a file of root's (0600)."""
    rows: Dict[str, str] = {}
    if remote["kind"] == "sftp":
        rows = {
            "type": "sftp",
            "host": str(remote["host"]),
            "port": str(remote.get("port") or 22),
            "user": str(remote["user"]),
            "key_file": folder + "/ssh-key",
            # another host key ends the connection
            "known_hosts_file": folder + "/known-hosts",
            "disable_hashcheck": "true",
            "set_modtime": "false",
        }
    else:
        rows = {
            "type": "s3",
            "provider": str(remote.get("provider") or "Other"),
            "env_auth": "false",
            "endpoint": str(remote["endpoint"]),
            "region": str(remote.get("region") or ""),
            "access_key_id": str(remote["access_key"]),
            "secret_access_key": secrets["s3_secret_key"],
            "no_check_bucket": "true",
            "force_path_style": "true",
        }
    return "[remote]\n" + "".join(f"{name} = {value}\n" for name, value in rows.items())


def known_hosts(remote: Mapping[str, Any]) -> str:
    port = int(remote.get("port") or 22)
    host = str(remote["host"]) if port == 22 else "[{}]:{}".format(remote["host"], port)
    return "{} {}\n".format(host, remote["host_key"])


class Remote:
    def __init__(self, config: Mapping[str, Any], seconds: float) -> None:
        self.config, self.seconds = config, seconds
        self.base = "remote:" + str(config["path"]).rstrip("/")
        self.words = [PROGRAM, "--config", config["settings"], "--contimeout", "30s", "--timeout", "120s"]
        self.words += ["--retries", "3", "--low-level-retries", "3", "--ask-password=false", "--no-traverse"]
        if config.get("ca_file"):
            self.words += ["--ca-cert", config["ca_file"]]

    def send(self, path: str, name: str, sha256: str) -> None:
        """Beside its name, read back whole, then by its name."""
        part = f"{self.base}/{name}{PART}"
        self._do(["copyto", path, part])
        found = self._digest(part)
        if found != sha256:
            raise ValueError(f"{part}: other bytes came back ({found[:12]} for {sha256[:12]})")
        self._do(["moveto", part, f"{self.base}/{name}"])

    def prune(self, name: str, rule: Mapping[str, int], made: str) -> List[str]:
        rows = self._do(["lsf", "--files-only", self.base], ASK_SECONDS).splitlines()
        gone = keep.doomed(rows, name, rule, made) + keep.halves(rows, name, made)
        for file in gone:
            self._do(["deletefile", f"{self.base}/{file}"], ASK_SECONDS)
        return gone

    def _do(self, words: Sequence[str], seconds: float = 0) -> str:
        done = run([*self.words, *words], seconds or self.seconds)
        if done.returncode != 0:
            raise ValueError(f"{PROGRAM} {words[0]}: {_last(done.stderr)}")
        return done.stdout

    def _digest(self, place: str) -> str:
        digest = hashlib.sha256()
        command = ["timeout", str(int(self.seconds)), *self.words, "cat", place]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            stream = sure(child.stdout)
            block = stream.read(1 << 20)
            while block:
                digest.update(block)
                block = stream.read(1 << 20)
            said = sure(child.stderr).read().decode("utf-8", "replace")
        if child.returncode != 0:
            raise ValueError(f"{PROGRAM} cat: {_last(said)}")
        return digest.hexdigest()


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][-300:] if lines else "no reason was told"
