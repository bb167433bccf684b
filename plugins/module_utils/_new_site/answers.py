# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers about a new site, checked all at once."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.nodes import (
    Node,
    canonical,
    check_group,
    check_ip,
    check_network,
    check_url,
    parts,
    plain,
    read_nodes,
    repeated,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.questions import (
    BY_NAME,
    QUESTIONS,
    SOURCES,
    Known,
    Question,
    Raw,
    cards_of,
    empty,
    of_cpus,
    profile_of,
    source_of,
    wording,
)

LANGUAGES = ("both", "zh", "en")
YES, NO = ("yes", "y", "true", "1", "是", "好"), ("no", "n", "false", "0", "否", "不")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
CARDS = re.compile(r"([a-z0-9][a-z0-9._-]*?)\s*(?:[*x×]\s*(\d{1,3}))?")
SIGNER = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com) [A-Za-z0-9+/]+=*( .*)?"
)


class Problem(NamedTuple):
    question: str
    refusal: Refusal


class Site(NamedTuple):
    """A new site whose answers are right."""

    name: str
    profile: str
    nodes: List[Node]
    hardware: Dict[str, Any]
    user: str
    admin_networks: List[str]
    source: str
    proxy: str
    hub: str
    registry: str
    packages: str
    bundle: str
    signer: str
    language: str
    path: str
    preflight: bool


def filled(given: Raw, known: Known) -> Dict[str, Any]:
    """The answers, with defaults for what may be left out."""
    answers = {name: value for name, value in given.items() if not empty(value)}
    for question in QUESTIONS:
        if question.name not in answers and question.wanted(answers, known):
            answers[question.name] = question.default(answers, known)
    return answers


def check(given: Raw, known: Known) -> Tuple[Optional[Site], List[Problem]]:
    """The site, or everything that is wrong with its answers."""
    answers, problems = filled(given, known), []
    for question in QUESTIONS:
        if question.required and question.wanted(answers, known) and empty(answers.get(question.name)):
            asked = wording(question, answers, known)
            problems.append(Problem(question.name, Refusal("LLM177", variable=variable(question.name), question=asked)))
    problems += [
        Problem(question.name, _idle(question, given)) for question in QUESTIONS if _in_vain(question, given, known)
    ]
    read: Dict[str, Any] = {}
    for name, reader in READERS.items():
        if empty(answers.get(name)):
            continue
        try:
            read[name] = reader(answers, known)
        except Refusal as refusal:
            problems.append(Problem(name, refusal))
    nodes, wrong = read_nodes(variable("nodes"), answers.get("nodes"), plain(answers.get("name")))
    problems += [Problem("nodes", refusal) for refusal in wrong]
    problems += [Problem("data_addresses", refusal) for refusal in _data(answers, nodes, read)]
    if nodes and not wrong:
        problems += _count(given, known, nodes)
    if not problems and not of_cpus(answers, known) and "gpus" not in read:
        asked = wording(BY_NAME["gpus"], answers, known)
        problems.append(Problem("gpus", Refusal("LLM177", variable=variable("gpus"), question=asked)))
    return (None if problems else _site(answers, read, nodes)), problems


def _in_vain(question: Question, given: Raw, known: Known) -> bool:
    """An answer to what is not asked. Whether cards or memory are asked for depends on the profile, if it is known."""
    judged = question.name not in ("gpus", "memory_gib") or bool(profile_of(given, known))
    return judged and not empty(given.get(question.name)) and not question.wanted(given, known)


def _idle(question: Question, given: Raw) -> Refusal:
    return Refusal(
        "LLM183",
        variable=variable(question.name),
        value=given[question.name],
        why=say("no effect", source=source_of(given)),
    )


def variable(question: str) -> str:
    """The variable of the playbook that answers a question."""
    return "appliance_language" if question == "language" else f"new_site_{question}"


def _count(given: Raw, known: Known, nodes: List[Node]) -> List[Problem]:
    """Machines other than the profile's are judged by the plan, as one node with larger cards may do."""
    hardware = profile_of(given, known).get("hardware") or {}
    wanted = int(hardware.get("nodes", 1))
    usual = empty(given.get("gpus")) or plain(given.get("gpus")) == cards_of(given, known)
    if plain(given.get("profile")) not in known.profiles or not usual or len(nodes) == wanted:
        return []
    names = [node.name for node in nodes]
    told = Refusal("LLM181", profile=plain(given["profile"]), wanted=wanted, given=len(nodes), names=names)
    return [Problem("nodes", told)]


def _data(answers: Raw, nodes: List[Node], read: Dict[str, Any]) -> List[Refusal]:
    given = read.get("data_addresses") or [node.data_address for node in nodes if node.data_address]
    asked = variable("data_addresses")
    if given and len(given) != len(nodes) and nodes:
        why = say("as many as nodes", given=len(given), nodes=len(nodes))
        return [Refusal("LLM183", variable=asked, value=", ".join(given), why=why)]
    return [Refusal("LLM180", variable=asked, value=word) for word in repeated(canonical(word) for word in given)]


def _text(name: str) -> Callable[[Raw, Known], str]:
    def read(answers: Raw, _known: Known) -> str:
        text = plain(answers[name])
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
            raise Refusal("LLM183", variable=variable(name), value=text, why=say("control characters"))
        return text

    return read


def _name(answers: Raw, _known: Known) -> str:
    name = plain(answers["name"])
    check_group(variable("name"), name)
    return name


def _known_profile(answers: Raw, known: Known) -> str:
    name = plain(answers["profile"])
    if name not in known.profiles:
        raise Refusal("LLM521", name=name, known=sorted(known.profiles), variable=variable("profile"))
    return name


def _gpus(answers: Raw, known: Known) -> List[Dict[str, Any]]:
    groups = []
    for part in re.split(r"[,;、]+", plain(answers["gpus"])):
        seen = CARDS.fullmatch(part.strip().lower())
        if not seen or seen.group(2) in ("0", "00", "000"):
            raise Refusal("LLM183", variable=variable("gpus"), value=plain(answers["gpus"]), why=say("no cards"))
        if seen.group(1) not in known.gpus:
            raise Refusal("LLM525", name=seen.group(1), known=sorted(known.gpus), variable=variable("gpus"))
        groups.append({"model": seen.group(1), "count": int(seen.group(2) or 1)})
    return groups


def _memory(answers: Raw, _known: Known) -> int:
    text = plain(answers["memory_gib"])
    if not text.isdigit() or int(text) < 1:
        raise Refusal("LLM183", variable=variable("memory_gib"), value=text, why=say("no number", least=1))
    return int(text)


def _user(answers: Raw, _known: Known) -> str:
    user = plain(answers["user"])
    if not USER.fullmatch(user):
        raise Refusal("LLM183", variable=variable("user"), value=user, why=say("no user"))
    return user


def _networks(answers: Raw, _known: Known) -> List[str]:
    asked = variable("admin_networks")
    networks = [check_network(asked, plain(part)) for part in parts(answers["admin_networks"])]
    for network in repeated(networks):
        raise Refusal("LLM180", variable=asked, value=network)
    return networks


def _addresses(answers: Raw, _known: Known) -> List[str]:
    given = [plain(part) for part in parts(answers["data_addresses"])]
    for text in given:
        check_ip(variable("data_addresses"), text)
    return given


def _choice(name: str, choices: Tuple[str, ...]) -> Callable[[Raw, Known], str]:
    def read(answers: Raw, _known: Known) -> str:
        value = plain(answers[name]).lower()
        if value not in choices:
            why = say("not a choice", choices=", ".join(choices))
            raise Refusal("LLM183", variable=variable(name), value=value, why=why)
        return value

    return read


def _yes(answers: Raw, _known: Known) -> bool:
    value = plain(answers["preflight"]).lower()
    if value not in YES + NO:
        raise Refusal("LLM183", variable=variable("preflight"), value=value, why=say("not a choice", choices="yes, no"))
    return value in YES


def _url(name: str) -> Callable[[Raw, Known], str]:
    return lambda answers, _known: check_url(variable(name), plain(answers[name]))


def _bundle(answers: Raw, known: Known) -> str:
    folder = plain(answers["bundle"])
    if not known.holds_bundle(folder):
        raise Refusal("LLM183", variable=variable("bundle"), value=folder, why=say("no bundle"))
    return _text("bundle")(answers, known)


def _signer(answers: Raw, known: Known) -> str:
    text = " ".join(_text("bundle_signer")(answers, known).split())
    if not SIGNER.fullmatch(text):
        raise Refusal("LLM183", variable=variable("bundle_signer"), value=text, why=say("no signer"))
    return text


def _path(answers: Raw, known: Known) -> str:
    path = _text("path")(answers, known)
    if known.taken(path):
        raise Refusal("LLM182", path=path)
    return path


READERS: Dict[str, Callable[[Raw, Known], Any]] = {
    "name": _name,
    "profile": _known_profile,
    "gpus": _gpus,
    "memory_gib": _memory,
    "user": _user,
    "admin_networks": _networks,
    "data_addresses": _addresses,
    "source": _choice("source", SOURCES),
    "proxy": _url("proxy"),
    "mirror_hub": _url("mirror_hub"),
    "mirror_registry": _url("mirror_registry"),
    "mirror_packages": _url("mirror_packages"),
    "bundle": _bundle,
    "bundle_signer": _signer,
    "language": _choice("language", LANGUAGES),
    "path": _path,
    "preflight": _yes,
}


def _site(answers: Raw, read: Mapping[str, Any], nodes: List[Node]) -> Site:
    data = read.get("data_addresses") or []
    placed = [node._replace(data_address=data[number]) if data else node for number, node in enumerate(nodes)]
    hardware = {"gpus": read["gpus"]} if "gpus" in read else {"memory_gib": read["memory_gib"]}

    def of(name: str, source: str) -> str:
        return read.get(name) or "" if read["source"] == source else ""

    return Site(
        name=read["name"],
        profile=read["profile"],
        nodes=placed,
        hardware=hardware,
        user=read["user"],
        admin_networks=read.get("admin_networks") or [],
        source=read["source"],
        proxy=of("proxy", "internet"),
        hub=of("mirror_hub", "mirror"),
        registry=of("mirror_registry", "mirror"),
        packages=of("mirror_packages", "mirror"),
        bundle=of("bundle", "bundle"),
        signer=of("bundle_signer", "bundle"),
        language=read.get("language", LANGUAGES[0]),
        path=read["path"],
        preflight=read["preflight"],
    )
