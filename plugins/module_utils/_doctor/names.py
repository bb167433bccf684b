# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that nobody reads: names in the collection's own space, and prefixes that are ours but for a letter."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

# Nobody else uses these; the other roles' names are words that anybody may begin a variable with.
OWN = (
    "appliance", "disk_image", "disk_seal", "first_boot", "host_tuning", "ktransformers", "nvidia_container_toolkit",
    "nvidia_driver", "open_webui", "shared_variables",
)  # fmt: skip
ENGINES = ("vllm", "sglang", "lmdeploy", "llama_cpp", "llamacpp")  # whose settings the plan makes
SET_BY_ROLES = ("appliance_node",)
# Variables of well-known roles of others that begin as ours do; their readers are in other playbooks.
OF_OTHERS = (
    # geerlingguy.docker
    "docker_add_repo", "docker_apt_*", "docker_compose_*", "docker_edition", "docker_install_compose*",
    "docker_obsolete_packages", "docker_package", "docker_packages", "docker_package_state", "docker_packages_state",
    "docker_repo_url", "docker_restart_handler_state", "docker_service_*", "docker_users", "docker_yum_*",
    # geerlingguy.firewall
    "firewall_additional_rules", "firewall_allowed_*", "firewall_disable_*", "firewall_enable*", "firewall_flush_*",
    "firewall_forwarded_*", "firewall_ip6_*", "firewall_log_*", "firewall_state", "firewall_template",
    # nvidia.nvidia_driver
    "nvidia_driver_add_repos", "nvidia_driver_debian_*", "nvidia_driver_module_*", "nvidia_driver_package_*",
    "nvidia_driver_persistence_mode_on", "nvidia_driver_rhel_*", "nvidia_driver_skip_reboot", "nvidia_driver_ubuntu_*",
)  # fmt: skip
# What people call a thing, without its prefix and underscores -> our variable for it.
CALLED: Dict[str, Sequence[str]] = {
    "appliance_context_length": (
        "maxlen", "maxmodellen", "maxlength", "context", "contextlen", "contextsize", "contextwindow", "ctx", "ctxlen",
        "ctxsize", "numctx", "maxcontext", "maxtokens", "seqlen",
    ),
    "appliance_concurrency": ("maxnumseqs", "maxseqs", "parallel", "maxbatchsize", "batchsize", "maxrunningrequests"),
    "appliance_model": ("modelname", "modelid", "modelpath", "servedmodelname", "modle"),
    "appliance_precision": ("quantization", "quant", "dtype", "quantize"),
    "appliance_weights_dir": ("modeldir", "modelsdir", "modelsfolder", "weightspath"),
    "appliance_replicas": ("copies", "instances", "replica"),
    "appliance_hardware": ("gpus", "gpu", "gpucount"),
    "appliance_address": ("ip", "host", "hostname", "fqdn", "domain", "servername", "url"),
    "appliance_https_port": ("port", "httpsport", "sslport", "tlsport", "webport"),
    "appliance_environment": ("proxy", "httpproxy", "httpsproxy", "noproxy"),
    "docker_data_root": ("datadir", "dataroot", "graph", "storagedir"),
    "docker_registry_mirrors": ("mirror", "mirrors", "registrymirror"),
    "open_webui_admin_password": ("password", "adminpassword", "adminpw"),
}  # fmt: skip
MEANINGS = {called: name for name, words in CALLED.items() for called in words}
CLOSE, CLOSE_PREFIX, CLOSE_REST = 0.85, 0.83, 0.72


class Unknown(NamedTuple):
    """A name that has no effect; `meant` may be empty. `refused`: it is ours for certain, or a known one misspelt."""

    name: str
    meant: List[str]
    refused: bool


def unknown(
    names: Iterable[str], known: Mapping[str, str], roles: Sequence[str], allowed: Sequence[str] = ()
) -> List[Unknown]:
    """By name. `known`: variables of the collection and their roles; `allowed`: names or patterns of the operator's."""
    found = []
    left_alone = (*OF_OTHERS, *allowed)
    for name in sorted(set(names) - set(known) - set(SET_BY_ROLES)):
        if name.startswith(("_", "ansible_")) or any(fnmatchcase(name, pattern) for pattern in left_alone):
            continue
        row = _judge(name, known, roles)
        if row:
            found.append(row)
    return found


def _judge(name: str, known: Mapping[str, str], roles: Sequence[str]) -> Optional[Unknown]:
    prefix = max((role for role in roles if name.startswith(role + "_")), key=len, default="")
    if prefix:
        meant = _meant(name, prefix, known)
        return Unknown(name, meant, prefix in OWN or bool(meant))
    engine = next((engine for engine in ENGINES if name.startswith(engine + "_")), "")
    if engine:
        meaning = MEANINGS.get(_squeezed(name[len(engine) :]))
        return Unknown(name, [meaning], False) if meaning else None
    near = _near(name, roles)
    if not near:
        return None
    meant = _meant(near, next(role for role in roles if near.startswith(role + "_")), known, exact=True)
    return Unknown(name, meant, near.startswith("appliance_") or near in known) if meant else None


def _squeezed(text: str) -> str:
    return text.replace("_", "").lower()


def _meant(name: str, prefix: str, known: Mapping[str, str], exact: bool = False) -> List[str]:
    """What was probably meant, the likeliest first, at most three. `exact`: the prefix is a guess already."""
    if name in known:
        return [name]
    rest = name[len(prefix) + 1 :]
    if rest in known:
        return [rest]
    own = {other[len(prefix) + 1 :]: other for other in known if other.startswith(prefix + "_")}
    found = [full for short, full in own.items() if _squeezed(short) == _squeezed(rest)]
    meaning = MEANINGS.get(_squeezed(rest))
    if meaning and (meaning.startswith(prefix + "_") or prefix in ("appliance", "engine", "gateway", "weights")):
        found.append(meaning)
    found += [own[short] for short in difflib.get_close_matches(rest, own, n=2, cutoff=CLOSE if exact else CLOSE_REST)]
    found += difflib.get_close_matches(name, sorted(known), n=1, cutoff=CLOSE)
    found += [other for other in known if not exact and other.endswith("_" + rest) and "_" in rest]  # of another role
    return list(dict.fromkeys(found))[:3]


def _near(name: str, roles: Sequence[str]) -> str:
    """The name with the prefix that was probably meant, where it begins almost as ours do."""
    words = name.split("_")
    best, score = "", 0.0
    for role in roles:
        length = role.count("_") + 1
        for taken in sorted({length, 1}):  # also openwebui_port
            given = "_".join(words[:taken])
            if len(words) <= taken or len(given) < 5 or given == role:
                continue
            alike = difflib.SequenceMatcher(None, _squeezed(given), _squeezed(role)).ratio()
            if alike >= CLOSE_PREFIX and alike > score:
                best, score = "_".join([role, *words[taken:]]), alike
    return best
