# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a new site as people write them: names, addresses, ports; and networks and URLs."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say

LOCAL = "local"
RESERVED = ("all", "ungrouped", "appliances", "localhost", "children", "hosts", "vars", LOCAL)
GROUP = re.compile(r"[a-z][a-z0-9_]{0,62}")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
# A last label of digits alone is no name (10.0.0, 10.0.0.300): it is an address with a mistake in it.
DNS = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
BREAKS = re.compile(r"[\s,;、]+")


class Node(NamedTuple):
    name: str
    address: str  # empty: its name is one
    port: int = 0  # 0: SSH's own
    data_address: str = ""


def plain(value: Any) -> str:
    """As it was meant: an input method's full-width letters, digits and signs are the usual ones."""
    return unicodedata.normalize("NFKC", "" if value is None else str(value)).strip()


def parts(value: Any) -> List[Any]:
    """A list, or a line with commas or blanks between its parts."""
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in (parts(item) if isinstance(item, str) else [item])]
    if isinstance(value, Mapping):
        return [value]
    return [part for part in BREAKS.split(plain(value)) if part]


def read_nodes(variable: str, value: Any, site: str) -> Tuple[List[Node], List[Refusal]]:
    """Every node, and everything that is wrong with any of them."""
    found: List[Node] = []
    wrong: List[Refusal] = []
    for number, part in enumerate(parts(value), 1):
        try:
            found.append(_node(variable, part, site, number))
        except Refusal as refusal:
            wrong.append(refusal)
    if sum(node.address == LOCAL for node in found) > 1:
        wrong.append(Refusal("LLM179", variable=variable, value=LOCAL, why=say("one local node")))
    for name in repeated(node.name.casefold() for node in found):
        wrong.append(Refusal("LLM180", variable=variable, value=name))
    where = [canonical(node.address or node.name) for node in found if node.address != LOCAL]
    for address in repeated(where):
        if address not in {node.name.casefold() for node in found}:
            wrong.append(Refusal("LLM180", variable=variable, value=address))
    return found, wrong


def _node(variable: str, part: Any, site: str, number: int) -> Node:
    if isinstance(part, Mapping):
        name, address, data = (plain(part.get(key)) for key in ("name", "address", "data_address"))
        odd = sorted(str(key) for key in set(part) - {"name", "address", "data_address"})
        if odd or not (name or address):
            keys = "name, address, data_address"
            raise Refusal("LLM183", variable=variable, value=dict(part), why=say("not a choice", choices=keys))
    else:
        text = plain(part)
        name, equals, address = text.partition("=")
        data = ""
        if equals and not (name and address):
            raise Refusal("LLM179", variable=variable, value=text, why=say("no address"))
        if not equals and not _is_name(text):
            name, address = "", text
    address, port = check_address(variable, address) if address else ("", 0)
    if not name:
        name = f"{site or 'node'}{number:02d}" if _ip(address) or address == LOCAL else address
    if data:
        check_ip(variable, data)
    check_name(variable, name, site)
    return Node(name, "" if name == address else address, port, data)


def _is_name(text: str) -> bool:
    """A word that is a node's name, as opposed to an address that has none."""
    return bool(HOST.fullmatch(text)) and text != LOCAL and not text.rpartition(".")[2].isdigit()


def check_name(variable: str, name: str, site: str) -> None:
    if name == site:
        raise Refusal("LLM178", variable=variable, value=name, why=say("name of the site"))
    if name.casefold() in RESERVED:
        raise Refusal("LLM178", variable=variable, value=name, why=say("reserved name"))
    if not HOST.fullmatch(name):
        raise Refusal("LLM178", variable=variable, value=name, why=say("host name"))


def check_group(variable: str, name: str) -> None:
    if name in RESERVED:
        raise Refusal("LLM178", variable=variable, value=name, why=say("reserved name"))
    if not GROUP.fullmatch(name):
        raise Refusal("LLM178", variable=variable, value=name, why=say("group name"))


def check_address(variable: str, text: str) -> Tuple[str, int]:
    """(address or host name, port) of an address as SSH reaches it."""
    if text == LOCAL:
        return LOCAL, 0
    if "@" in text:
        raise Refusal("LLM179", variable=variable, value=text, why=say("user in address"))
    address, port = text, ""
    bracketed = re.fullmatch(r"\[(.+)\](?::(.*))?", text)
    if bracketed:
        address, port = bracketed.group(1), bracketed.group(2) or ("" if text.endswith("]") else "0")
    elif text.count(":") == 1:
        address, _colon, port = text.partition(":")
        port = port or "0"
    if port and not (port.isdigit() and 1 <= int(port) <= 65535):
        raise Refusal("LLM179", variable=variable, value=text, why=say("port number"))
    ip = _ip(address)
    if ip is None and not (DNS.fullmatch(address) and not address.rstrip(".").rpartition(".")[2].isdigit()):
        raise Refusal("LLM179", variable=variable, value=text, why=say("no address"))
    if ip is not None:
        _usable(variable, text, ip)
    elif address.casefold().rstrip(".") == "localhost":
        raise Refusal("LLM179", variable=variable, value=text, why=say("loopback"))
    return address, int(port or 0)


def check_ip(variable: str, text: str) -> None:
    ip = _ip(text)
    if ip is None:
        raise Refusal("LLM179", variable=variable, value=text, why=say("no IP address"))
    _usable(variable, text, ip)


def _usable(variable: str, text: str, ip: Any) -> None:
    why: Optional[Text] = None
    if ip.is_loopback:
        why = say("loopback")
    elif ip.is_link_local:
        why = say("link-local")
    elif ip.is_multicast or ip.is_unspecified or ip.is_reserved or str(ip) == "255.255.255.255":
        why = say("no host's address")
    if why is not None:
        raise Refusal("LLM179", variable=variable, value=text, why=why)


def check_network(variable: str, text: str) -> str:
    """A network in its usual form."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        pass
    try:
        why = say("not the network", network=ipaddress.ip_interface(text).network)
    except ValueError:
        why = say("no network")
    raise Refusal("LLM179", variable=variable, value=text, why=why)


def check_url(variable: str, text: str) -> str:
    """Without a slash at its end."""
    try:
        seen = urlsplit(text)
        host, _port, secret = seen.hostname, seen.port, seen.password
    except ValueError:
        raise Refusal("LLM183", variable=variable, value=text, why=say("no URL")) from None
    if seen.scheme not in ("http", "https") or not host or re.search(r"[\s\"'<>\\{}]", text):
        raise Refusal("LLM183", variable=variable, value=text, why=say("no URL"))
    if secret is not None:
        shown = f"{seen.scheme}://{host}"
        raise Refusal("LLM183", variable=variable, value=shown, why=say("password in URL"))
    return text.rstrip("/")


def canonical(address: str) -> str:
    """One spelling for one address."""
    ip = _ip(address)
    return address.casefold().rstrip(".") if ip is None else str(ip)


def repeated(words: Iterable[str]) -> List[str]:
    counted: Dict[str, int] = {}
    for word in words:
        counted[word] = counted.get(word, 0) + 1
    return [word for word, times in counted.items() if times > 1]


def _ip(text: str) -> Any:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
