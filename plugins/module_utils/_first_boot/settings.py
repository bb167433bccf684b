# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the customer wrote on the stick: name, network, language, profile. Checked before anything is changed."""

from __future__ import annotations

import configparser
import ipaddress
import re
from typing import Any, Callable, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text

SECTION = "appliance"
NAMES = (
    *("hostname", "interface", "address", "gateway", "dns", "admin_networks", "language", "profile", "ssh_key"),
    "serial",  # of a signed file (stick.py)
)
LISTS = ("dns", "admin_networks")
KEY = re.compile(r"^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp\d+|sk-\S+) [A-Za-z0-9+/=]{40,}( [^\r\n]*)?$")
LANGUAGES = ("both", "zh", "en")
HOST_NAME = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$")
Settings = Dict[str, Any]


def refuse(en: str, zh: str) -> Refusal:
    return Refusal("LLM956", why=Text(en, zh))


def parse(text: str) -> Settings:
    """The small file, as people write it on any system: UTF-8 with or without its mark, any line ends."""
    reader = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=("#", ";"))
    text = text.lstrip("\ufeff").replace("\r\n", "\n")
    try:
        reader.read_string(text if "[" in text else f"[{SECTION}]\n{text}")
    except configparser.Error as error:
        said = " ".join(str(error).split())
        raise refuse(f"yitiji.conf cannot be read: {said}.", f"无法读取 yitiji.conf：{said}。") from error
    if not reader.has_section(SECTION):
        raise refuse(f"yitiji.conf has no section [{SECTION}].", f"yitiji.conf 中没有 [{SECTION}] 小节。")
    found: Settings = {}
    for name, value in reader.items(SECTION):
        if name not in NAMES:
            known = ", ".join(NAMES)
            raise refuse(
                f"{name} in yitiji.conf is unknown; known are: {known}.", f"yitiji.conf 中 {name} 未知；可用：{known}。"
            )
        if value.strip():
            found[name] = value.replace(",", " ").split() if name in LISTS else value.strip()
    return check(found)


def check(found: Settings) -> Settings:
    """The same, or a refusal that names the setting."""
    name = str(found.get("hostname", ""))
    if name and not HOST_NAME.match(name.lower()):
        raise refuse(f"hostname {name!r} is no host name.", f"hostname {name!r} 不是合法的主机名。")
    if found.get("language", "both") not in LANGUAGES:
        raise refuse(f"language is one of {', '.join(LANGUAGES)}.", f"language 只能是 {'、'.join(LANGUAGES)}。")
    if found.get("ssh_key") and not KEY.match(str(found["ssh_key"])):
        raise refuse("ssh_key is no public key of OpenSSH.", "ssh_key 不是 OpenSSH 公钥。")
    if not re.match(r"^\d{1,9}$", str(found.get("serial", "0"))):
        raise refuse("serial is a whole number.", "serial 须为整数。")
    address = str(found.get("address", "dhcp"))
    if address != "dhcp":
        wanted = _checked("address", address, ipaddress.ip_interface)
        if "/" not in address:
            raise refuse(
                f"address {address} lacks its prefix, as in 10.0.0.5/24.",
                f"address {address} 缺少前缀长度，如 10.0.0.5/24。",
            )
        gateway = found.get("gateway")
        if gateway and _checked("gateway", str(gateway), ipaddress.ip_address) not in wanted.network:
            raise refuse(
                f"gateway {gateway} is not in the network of {address}.",
                f"网关（`gateway`）{gateway} 不在 {address} 的网段内。",
            )
    for name in LISTS:
        parse_one: Callable[[str], Any] = ipaddress.ip_address if name == "dns" else ipaddress.ip_network
        for value in found.get(name, []):
            _checked(name, str(value), parse_one)
    return found


def _checked(name: str, value: str, parse_one: Callable[[str], Any]) -> Any:
    try:
        return parse_one(value)
    except ValueError as error:
        raise refuse(
            f"{name} {value!r} is no address or network: {error}.", f"{name} {value!r} 不是合法的地址或网段。"
        ) from error


def from_nocloud(meta: Mapping[str, Any], network: Mapping[str, Any], user: Mapping[str, Any]) -> Settings:
    """A NoCloud seed: meta-data's name, the first interface of network-config (version 2), user-data's first key."""
    found: Settings = {}
    keys = user.get("ssh_authorized_keys") or []
    if keys:
        found["ssh_key"] = str(keys[0])
    if meta.get("local-hostname"):
        found["hostname"] = str(meta["local-hostname"])
    network = network.get("network", network)
    devices = network.get("ethernets") or {}
    if devices:
        name, device = sorted(devices.items())[0]
        found["interface"] = str((device.get("match") or {}).get("name") or device.get("set-name") or name)
        if device.get("addresses"):
            found["address"] = str(device["addresses"][0])
        gateways = [r.get("via") for r in device.get("routes") or [] if r.get("to") in ("default", "0.0.0.0/0", "::/0")]
        gateway = device.get("gateway4") or next(iter(gateways), None)
        if gateway:
            found["gateway"] = str(gateway)
        servers = (device.get("nameservers") or {}).get("addresses")
        if servers:
            found["dns"] = [str(server) for server in servers]
    return check(found)


def network_file(settings: Settings) -> str:
    """For systemd-networkd. Without an address every wired interface asks by DHCP."""
    # Kind: not the ends of the containers' cables, which are ether as well
    match = [f"Name={settings['interface']}"] if settings.get("interface") else ["Type=ether", "Kind=!*"]
    lines = ["# Written at the first boot from the settings of this site.", "[Match]", *match, "", "[Network]"]
    if settings.get("address", "dhcp") == "dhcp":
        lines.append("DHCP=yes")
    else:
        lines.append(f"Address={settings['address']}")
        lines += [f"Gateway={settings['gateway']}"] if settings.get("gateway") else []
    lines += [f"DNS={server}" for server in settings.get("dns", [])]
    return "\n".join(lines) + "\n"


def variables(settings: Settings) -> Dict[str, Any]:
    """What the roles are given of it."""
    found: Dict[str, Any] = {}
    if settings.get("profile"):
        found["appliance_profile"] = settings["profile"]
    if settings.get("language"):
        found["appliance_language"] = settings["language"]
    if settings.get("admin_networks"):
        found["firewall_admin_networks"] = list(settings["admin_networks"])
    return found


def differing(settings: Settings, other: Settings) -> List[str]:
    return sorted(name for name in {*settings, *other} if settings.get(name) != other.get(name))
