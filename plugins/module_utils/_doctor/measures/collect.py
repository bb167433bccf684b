# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules need from a node beyond its facts: paths, state of the weights, answers of the network.

Runs on the node and only reads; every question is bounded in time.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from typing import Any, Callable, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.logins import reach
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.registry import candidates, locate, split
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import (
    STATE_DIR,
    images_of,
    loaded,
    models_of,
    units,
    weights_dir,
    weights_done,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.audit import audit
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.backup import backups
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.drift import drift
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.running import (
    containers,
    firewall,
    journal,
    ollama,
    ray,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.service import answers, own_units
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.sites import content_filter, listening
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.upkeep import (
    addresses,
    certificate,
    data_folder,
    database,
    emptied,
    packet_rules,
    watch,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.network import name_addresses
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.knock import fetch_json, host_of, knock, proxies
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import check_stamp
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.record import ours_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.formats import (
    check_format,
    check_index,
    check_sets,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.recheck import last_check

TIMEOUT = 8.0
MANY_FILES = 200000
SHORTEST = 12  # characters of a password that nobody guesses
SECRETS = "/etc/yitiji/secrets"
SITES = ("/etc/nginx/sites-enabled", "/etc/nginx/conf.d", "/etc/nginx/sites-available")


def collect(
    host: Host, node: Dict[str, Any], plan: Optional[Dict[str, Any]], settings: Dict[str, Any]
) -> Dict[str, Any]:
    """The measures a `Context` carries."""
    bare = Context(node, plan, settings)
    folder = weights_dir(bare)
    docker = (node.get("containers") or {}).get("docker") or {}
    people = data_folder(host)
    places = {folder, STATE_DIR, people, str(docker.get("root") or settings.get("docker_root") or "/var/lib/docker")}
    measures: Dict[str, Any] = {
        "paths": {path: host.resolve(path) for path in places},
        "people": people,
        "weights": weights(host, bare),
        # the record is older than the site: a run that broke in between may go on
        "gateway_site": gateway_is_ours(host),
        "environment_proxy": sorted(proxies()),
        "source": {"exists": host.exists(str(settings["source_dir"])) if settings.get("source_dir") else None},
    }
    context = Context(node, plan, settings, measures)
    measures["containers"] = containers(host, context)
    own = [unit for unit in units(context) if unit["name"] in (node.get("services") or {})]
    measures["journals"] = {unit["name"]: journal(host, str(unit["name"])) for unit in own}
    measures["ollama"] = ollama(host, context)
    measures["firewall"] = firewall(host)
    measures["ray"] = ray(host, context)
    measures["secrets"] = secrets(host)
    measures["sites"] = listening(host, [port for port in (settings.get("ports") or {}).values() if port])
    measures["units"] = own_units(host, measures["gateway_site"])
    measures["answer"] = answers(host, context)
    measures["certificate"] = certificate(host, time.time())
    measures["packet_rules"] = packet_rules(host, node, measures["units"] or {})
    measures["addresses"] = addresses(host, measures["units"] or {})
    measures["database"] = database(host, people)
    measures["emptied"] = emptied(host)
    measures["watch"] = watch(host, time.time())
    measures["backup"] = backups(host)
    measures["audit"] = audit(host)
    measures["filter"] = content_filter(host)
    measures["drift"] = drift(host, bool(docker.get("running")))
    measures["net"] = ask(questions(host, context)) if settings.get("network", True) else {}
    return measures


def gateway_is_ours(host: Host) -> bool:
    """Whether nginx is the gateway's: its site is there, or the role was cut off between nginx and the site."""
    if any("yitiji" in name for place in SITES for name in host.names(place)):
        return True
    record = host.read(f"{STATE_DIR}/packages/gateway.json") or ""
    return "nginx" in ours_of(record, host.read(f"{STATE_DIR}/gateway-packages") or "")


def weights(host: Host, context: Context) -> Dict[str, Any]:
    """Whether all models of the plan are there, verified and whole, and the bytes that they take."""
    rows = [(model, _weights(host, model)) for model in models_of(context)]
    if not rows:
        return {"exists": False, "stamp": False, "reason": "", "present_bytes": 0, "problems": [], "checks": []}
    named = [
        f"{model.get('served_name')}: {row['reason']}" if len(rows) > 1 and row["reason"] else str(row["reason"])
        for model, row in rows
    ]
    return {
        "exists": any(row["exists"] for _model, row in rows),
        "stamp": all(row["stamp"] for _model, row in rows),
        "reason": next(filter(None, named), ""),
        "present_bytes": sum(row["present_bytes"] for _model, row in rows),
        "problems": [problem for _model, row in rows for problem in row["problems"]],
        "checks": [row["check"] for _model, row in rows if row["check"]],
    }


def _weights(host: Host, model: Dict[str, Any]) -> Dict[str, Any]:
    folder = str(model["path"])
    standing = check_stamp(folder, str(model.get("id") or ""))
    return {
        "exists": host.exists(folder),
        "stamp": standing.valid,
        "reason": standing.reason,
        "present_bytes": disk_usage(folder),
        "problems": file_problems(folder),
        "check": last_check(folder),
    }


def file_problems(folder: str) -> List[Dict[str, str]]:
    """Files that can't be what their names say: by first bytes, numbering and index."""
    found: List[Dict[str, str]] = []
    names = [
        os.path.relpath(os.path.join(place, name), folder)
        for place, folders, files in os.walk(folder)
        if not os.path.basename(place).startswith(".yitiji")
        for name in files
    ]
    for name in names:
        if name.endswith((".safetensors", ".gguf")):
            _note(found, functools.partial(check_format, os.path.join(folder, name), name))
    _note(found, lambda: check_sets(names))
    _note(found, lambda: check_index(folder, names))
    return found


def _note(found: List[Dict[str, str]], check: Callable[[], None]) -> None:
    try:
        check()
    except Refusal as trouble:
        found.append({"rule": trouble.rule, "en": trouble.reason.en, "zh": trouble.reason.zh})
    except OSError as error:
        found.append({"rule": "LLM602", "en": str(error), "zh": str(error)})


def disk_usage(folder: str) -> int:
    """Bytes that the files below take on the disk (a file that is reserved but not written takes none)."""
    total = seen = 0
    for place, _folders, files in os.walk(folder):
        for name in files:
            seen += 1
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                continue
        if seen > MANY_FILES:
            break
    return total


def secrets(host: Host) -> Dict[str, Any]:
    """Names of secret files, of those that others than root can read, and of easy ones; never their content."""
    names = host.names(SECRETS)
    return {
        "present": names,
        "open": [name for name in names if (_mode(SECRETS + "/" + name) or 0) & 0o077],
        "weak": [name for name in names if _easy(SECRETS + "/" + name)],
    }


def _easy(path: str) -> bool:
    """Whether a secret is like `admin`, `changeme` or one repeated digit.

    Not read through the host, which may be recording.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            secret = stream.read().strip()
    except (OSError, ValueError):
        return False
    return len(secret) < SHORTEST or len(set(secret)) < SHORTEST // 2


def _mode(path: str) -> Optional[int]:
    try:
        return os.stat(path).st_mode & 0o777
    except OSError:
        return None


Question = Callable[[], Dict[str, Any]]


def questions(host: Host, context: Context) -> Dict[str, Question]:
    """What to ask the network, by the key under which checks find the answer."""
    found: Dict[str, Question] = {}
    settings = context.settings
    name = str(context.node.get("hostname") or "")
    found["own name"] = lambda: {"addresses": name_addresses(host, name)}
    endpoint = str(settings.get("endpoint") or "")
    if settings.get("source", "modelscope") == "modelscope" and endpoint and not weights_done(context):
        hub = host_of(endpoint)
        found["hub name"] = lambda: {"name": hub, "addresses": name_addresses(host, hub)}
        found["hub"] = lambda: knock(endpoint, TIMEOUT)
    missing = [image for image in images_of(context.plan) if loaded(context, image) is not True]
    archives: List[Dict[str, Any]] = list(settings.get("image_archives") or [])
    for archive in archives if missing else []:
        _add_archive(host, found, archive)
    for image in missing if not archives else []:
        found[f"image {image['ref']}"] = _image_question(image, context)
    _add_services(found, context)
    for peer, address in peer_addresses(context).items():
        found[f"peer {peer}"] = _ping_question(host, address)
    return found


def _add_services(found: Dict[str, Question], context: Context) -> None:
    services = context.node.get("services") or {}
    ports = context.settings.get("ports") or {}
    if "yitiji-open-webui" in services and ports.get("chat"):
        found["chat config"] = lambda: fetch_json(f"http://127.0.0.1:{ports['chat']}/api/config", TIMEOUT)
    for unit in units(context):
        port = unit.get("port") or ports.get("engine")
        if unit["name"] in services and unit.get("serves") and port:
            found[f"{unit['name']} without key"] = _models_question(unit.get("url") or f"http://127.0.0.1:{port}")


def _models_question(url: str) -> Question:
    return lambda: fetch_json(f"{url}/v1/models", TIMEOUT)


def peer_addresses(context: Context) -> Dict[str, str]:
    """The other nodes of the deployment and their addresses."""
    nodes = (context.plan or {}).get("nodes") or {}
    own = {str(context.host), str(context.settings.get("host")), str(context.node.get("hostname"))}
    return {name: str(row["address"]) for name, row in nodes.items() if name not in own and row.get("address")}


def _ping_question(host: Host, address: str) -> Question:
    def ping() -> Dict[str, Any]:
        answer = host.run(["ping", "-c", "1", "-W", "2", address], timeout=4)
        return {"ok": None if answer is None else answer.rc == 0, "address": address, "reason": "no reply to ping"}

    return ping


def _add_archive(host: Host, found: Dict[str, Question], archive: Dict[str, Any]) -> None:
    url, path = str(archive.get("url") or ""), str(archive.get("path") or "")
    if url:
        found[f"archive {url}"] = lambda: knock(url, TIMEOUT, must_exist=True)
    elif path:
        found[f"archive {path}"] = lambda: {"ok": host.exists(path), "reason": "no such file on the node"}


def _image_question(image: Dict[str, Any], context: Context) -> Question:
    def ask_registries() -> Dict[str, Any]:
        place = split(str(image["ref"]))
        speak = reach({"insecure_registries": [*_daemon(context, "insecure-registries"), "127.0.0.0/8"]}, TIMEOUT / 2)
        there, reasons = locate(place, str(image.get("digest") or ""), candidates(place, _mirrors(context), speak))
        said = "; ".join(f"{base}: {why}" for base, why in reasons.items())
        if not there and place.host in context.settings.get("registries", []) and not speak(place.host).login:
            return {"ok": None, "reason": f"docker_registries is not set up on this node yet ({said})"}
        return {"ok": bool(there), "reason": said}

    return ask_registries


def _daemon(context: Context, option: str) -> List[str]:
    docker = (context.node.get("containers") or {}).get("docker") or {}
    return ((docker.get("daemon_json") or {}).get("data") or {}).get(option) or []


def _mirrors(context: Context) -> List[str]:
    return [str(mirror) for mirror in context.settings.get("registry_mirrors") or _daemon(context, "registry-mirrors")]


def ask(asked: Dict[str, Question], limit: float = 25.0) -> Dict[str, Any]:
    """Asks everything at once; what has not answered within `limit` seconds is `{"ok": None}`."""
    answers: Dict[str, Any] = {key: {"ok": None, "reason": f"no answer within {limit:.0f} s"} for key in asked}

    def run(key: str) -> None:
        started = time.monotonic()
        try:
            answer = asked[key]()
        except Exception as error:  # an odd answer is an answer: the probe shows it
            answer = {"ok": None, "reason": f"{type(error).__name__}: {error}"}
        answers[key] = dict(answer, seconds=round(time.monotonic() - started, 2))

    threads = [threading.Thread(target=run, args=(key,), daemon=True) for key in asked]
    for thread in threads:
        thread.start()
    end = time.monotonic() + limit
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return dict(answers)
