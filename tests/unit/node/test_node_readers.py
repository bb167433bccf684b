# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: E501 - captured lines as they came
"""Readers one by one: what they make of odd, missing and hostile input."""

from __future__ import annotations

import json
import os
import sys

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import containers, kernel, network, nvidia, system
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host, Recorder, Space, number
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node


def capture(files=None, commands=None, links=None, spaces=None, directories=None):
    return Capture(
        {"files": files or {}, "commands": commands or {}, "links": links or {}, "spaces": spaces or {},
         "directories": directories or []}
    )  # fmt: skip


def test_nothing_at_all_is_no_error():
    node = read_node(capture(), epoch=1.0)
    assert node["problems"] == [] and node["gpus"] == [] and node["nvidia"] is None
    assert node["os"]["id"] is None and node["memory"]["total_bytes"] is None and node["nvswitch"] is None
    assert node["clock"] == {"epoch": 1.0, "synchronized": None, "source": None}
    json.dumps(node)


class Hostile(Host):
    """Everything trips."""

    def names(self, path):
        raise RuntimeError("odd hardware")

    def read_bytes(self, path):
        return b"\xff\xfe:::\n\n=\n" * 3

    def run(self, argv, timeout=5.0):
        raise RuntimeError("odd tool")


def test_hostile_input_never_fails():
    node = read_node(Hostile(), epoch=1.0)
    assert node["schema"] == 1 and node["problems"]
    json.dumps(node)


def test_this_machine_and_its_capture_agree():
    recorder = Recorder(Host())
    first = read_node(recorder, epoch=1.0)
    second = read_node(Capture(json.loads(json.dumps(recorder.data()))), epoch=1.0)
    assert first["problems"] == second["problems"] == []
    for key in ("os", "cpu", "mounts", "memory", "gpus", "disks", "network", "packages"):
        assert first[key] == second[key], key


def test_run_is_bounded_and_clean(monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    assert Host().run(["sleep", "5"], timeout=0.2) is None
    assert Host().run(["no-such-command-here"]) is None
    assert "SECRET" not in Host().run(["env"]).out


@pytest.mark.parametrize(
    ("text", "value"), [("12 MiB", 12), ("0x1f", 31), ("N/A", None), ("", None), (None, None), ("1.9", 1)]
)
def test_number(text, value):
    assert number(text) == value


def test_mounts():
    info = (
        "22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n"
        "23 22 0:21 / /proc rw - proc proc rw\n"
        "24 22 8:3 / /srv/my\\040models ro,noatime - xfs /dev/sdb1 rw\n"
        "25 22 0:50 / /mnt/nas rw - nfs4 10.0.0.1:/x rw\n"
        "broken line\n"
    )
    found = system.mounts(
        capture(
            {"/proc/self/mountinfo": info},
            {"stat -f -c %S %b %a %c %d /mnt/nas": "4096 100 50 10 5\n"},
            spaces={"/": [1000, 500, 10, 9]},
        )
    )
    assert [m["path"] for m in found] == ["/", "/mnt/nas", "/srv/my models"]
    assert found[0]["available_bytes"] == 500 and found[2]["read_only"] and found[2]["size_bytes"] is None
    assert found[1]["available_bytes"] == 50 * 4096


def test_a_dead_network_mount_is_null():
    info = "25 22 0:50 / /mnt/nas rw - nfs4 10.0.0.1:/x rw\n"
    assert system.mounts(capture({"/proc/self/mountinfo": info}))[0]["available_bytes"] is None


def test_cpu_of_two_sockets_and_of_arm():
    blocks = [f"processor\t: {n}\nmodel name\t: Xeon\nphysical id\t: {n // 4}\ncore id\t: {n % 2}\n" for n in range(8)]
    found = system.cpu(capture({"/proc/cpuinfo": "\n".join(blocks)}))
    assert (found["sockets"], found["cores"], found["threads"], found["model"]) == (2, 4, 8, "Xeon")
    files = {"/proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd\n\nprocessor\t: 1\nFeatures\t: fp asimd\n"}
    for n in range(2):
        base = f"/sys/devices/system/cpu/cpu{n}/topology/"
        files.update({base + "physical_package_id": "0\n", base + "core_id": f"{n}\n"})
    found = system.cpu(capture(files))
    assert (found["sockets"], found["cores"], found["threads"], found["flags"]) == (1, 2, 2, ["asimd", "fp"])


def test_packages():
    text = "nvidia-driver 535.309.01-1 hi \nvim 2 ii \ncuda-drivers 1 iF \nlinux-image-amd64 6.1 ii \ndkms 3 rc \n"
    found = system.packages(capture(commands={"dpkg-query -W -f ${Package} ${Version} ${db:Status-Abbrev}\\n": text}))
    assert [(p["name"], p["held"], p["broken"]) for p in found] == [
        ("nvidia-driver", True, False), ("cuda-drivers", False, True), ("linux-image-amd64", False, False),
    ]  # fmt: skip
    rpm = {"rpm -qa --qf %{NAME} %{VERSION}-%{RELEASE}\\n": "kernel-core 5.14-1\nnano 1-1\nnvidia-driver 570-1\n"}
    lock = {"/etc/dnf/plugins/versionlock.list": "nvidia-driver-570-1.*\n"}
    found = system.packages(capture(lock, rpm))
    assert [(p["name"], p["held"]) for p in found] == [("kernel-core", False), ("nvidia-driver", True)]
    assert system.packages(capture()) is None


def test_services_in_their_order():
    keys = "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Result,ConditionResult"
    answer = (
        "Id=docker.service\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nResult=success\n\n"
        "Id=nginx.service\nLoadState=not-found\nActiveState=inactive\n"
    )
    host = capture(
        commands={f"systemctl show {keys} -- docker.service nginx.service": answer}, directories=["/run/systemd/system"]
    )
    found = system.services(host, ("docker", "nginx"))
    assert list(found) == ["docker"] and found["docker"]["active"] == "active"
    assert system.services(capture(), ("docker",)) == {}


def test_version_order():
    names = ["6.1.0-9-amd64", "6.1.0-40-amd64", "6.12.1-amd64", "5.10.0-1-amd64"]
    assert sorted(names, key=system.version_key) == [names[3], names[0], names[1], names[2]]


def test_listeners_with_process_and_unit():
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    row = "   0: {} {} {} 00000000:00000000 00:00000000 00000000     0        0 {} 1 0 100 0 0 10 0\n"
    files = {
        "/proc/net/tcp": head
        + row.format("0100007F:1F40", "00000000:0000", "0A", 77)
        + row.format("0100007F:1F41", "0100007F:9999", "01", 78),
        "/proc/net/tcp6": head + row.format("0" * 32 + ":01BB", "0" * 32 + ":0000", "0A", 79),
        "/proc/12/comm": "docker-proxy\n",
        "/proc/12/cgroup": "1:name=systemd:/system.slice/docker.service\n",
        "/proc/13/comm": "nginx\n",
        "/proc/13/cgroup": "0::/system.slice/nginx.service\n",
    }
    links = {"/proc/12/fd/3": "socket:[77]", "/proc/13/fd/6": "socket:[79]"}
    found = network.listeners(capture(files, links=links))
    assert [(f["address"], f["port"], f["process"], f["unit"]) for f in found] == [
        ("::", 443, "nginx", "nginx.service"), ("127.0.0.1", 8000, "docker-proxy", "docker.service"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("00000000000000000000000001000000", "::1"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
    ],
)
def test_addresses_of_proc(text, address):
    if sys.byteorder == "little":
        assert network.decode_address(text) == address


def test_docker():
    info = {
        "ServerVersion": "26.1.5", "DockerRootDir": "/data/docker", "SecurityOptions": ["name=seccomp"],
        "Runtimes": {"runc": {}, "nvidia": {}}, "CgroupDriver": "systemd", "HttpProxy": "http://u:pw@proxy:1",
    }  # fmt: skip
    ps = {"Names": "yitiji-vllm", "ID": "1", "Image": "i", "Status": "Up", "Ports": "127.0.0.1:8000-8001->8000-8001/tcp"}
    files = {
        "/etc/docker/daemon.json": '{"registry-mirrors": ["https://me:secret@mirror.example"], "proxies": {"x": "secret"}}'
    }
    commands = {
        "docker info --format {{json .}}": json.dumps(info),
        "docker ps --no-trunc --format {{json .}}": json.dumps(ps) + "\nnot json\n",
        "docker images --no-trunc --digests --format {{.Repository}}:{{.Tag}}\t{{.ID}}\t{{.Digest}}":
            "vllm:1\tsha256:aa\t<none>\n",
    }  # fmt: skip
    found = containers.docker(capture(files, commands))
    assert found["running"] and found["root"] == "/data/docker" and found["runtimes"] == ["nvidia", "runc"]
    assert [port["port"] for port in found["containers"][0]["ports"]] == [8000, 8001]
    assert found["images"] == [{"ref": "vllm:1", "id": "sha256:aa", "digest": None}]
    assert found["daemon_json"]["data"]["registry-mirrors"] == ["https://mirror.example"]
    assert "secret" not in json.dumps(found) and "pw" not in json.dumps(found)
    listener = {"process": "docker-proxy", "port": 8001}
    assert containers.container_of(listener, found["containers"]) == "yitiji-vllm"


def test_docker_as_a_snap_and_broken_configuration():
    host = capture(
        {"/etc/docker/daemon.json": '{"log-driver": "json-file",}'},
        {"docker info --format {{json .}}": {"rc": 1, "err": "Cannot connect"}, "docker --version": "Docker version 28.1.1, build x"},
        links={"/snap/bin/docker": "/usr/bin/snap"},
    )  # fmt: skip
    found = containers.docker(host)
    assert found["snap"] and not found["running"] and found["version"] == "28.1.1"
    assert "line 1" in found["daemon_json"]["error"] and found["daemon_json"]["data"] is None
    assert containers.docker(capture()) is None


def test_dkms_in_both_dialects():
    text = (
        "nvidia-current, 535.309.01, 6.1.0-40-amd64, x86_64: installed\n"
        "nvidia/580.95.05, 6.8.0-40-generic, x86_64: built\nzfs/2.2: added\n"
    )
    rows = nvidia.dkms(capture(commands={"dkms status": text}))
    assert [(r["module"], r["kernel"], r["state"]) for r in rows] == [
        ("nvidia-current", "6.1.0-40-amd64", "installed"), ("nvidia", "6.8.0-40-generic", "built"), ("zfs", "", "added"),
    ]  # fmt: skip
    assert nvidia.dkms(capture()) is None


@pytest.mark.parametrize("text", ["", "No devices were found", "<nvidia_smi_log><gpu>", "<nvidia_smi_log>&</nvidia_smi_log>"])
def test_what_is_no_xml_is_none(text):
    assert nvidia.parse_smi(text) is None


@pytest.mark.parametrize(
    ("pci_id", "family"),
    [
        ("10de:1db6", "Volta"), ("10de:1eb8", "Turing"), ("10de:20b2", "Ampere"), ("10de:2204", "Ampere"),
        ("10de:2684", "Ada Lovelace"), ("10de:26b9", "Ada Lovelace"), ("10de:2329", "Hopper"), ("10de:2330", "Hopper"),
        ("10de:2901", "Blackwell"), ("10de:2b85", "Blackwell"), ("10de:1b38", "Pascal"), ("10de:25b6", "Ampere"),
        ("10de:0fc1", None), ("1002:74a1", None), (None, None),
    ],
)  # fmt: skip
def test_architecture(pci_id, family):
    assert kernel.architecture(pci_id) == family


def test_nouveau_blacklist():
    files = {"/etc/modprobe.d/x.conf": "# blacklist nouveau\n"}
    assert not kernel.nouveau(capture(files), [])["blacklisted"]
    files = {"/etc/modprobe.d/x.conf": "blacklist nouveau\noptions nouveau modeset=0\n"}
    assert kernel.nouveau(capture(files), ["nouveau"]) == {"loaded": True, "blacklisted": True}


def test_kernel_log_keeps_what_tells():
    told = ["NVRM: Xid (PCI:0000:17:00): 79, GPU has fallen off the bus.", "Loading of unsigned module is rejected"]
    assert kernel.kernel_log(capture(commands={"dmesg": "\n".join(["usb 1-1: new device", *told])})) == told
    assert kernel.kernel_log(capture()) is None


def test_space_of_this_machine():
    found = Host().space("/")
    assert isinstance(found, Space) and found.size >= found.available > 0
    assert Host().space("/no/such/place") is None and Host().names("/no/such") == []
    assert os.path.exists("/") and Host().read("/no/such") is None


def test_rdma_route_and_names():
    base = "/sys/class/infiniband/mlx5_0"
    files = {
        base + "/ports/1/state": "4: ACTIVE\n", base + "/ports/1/rate": "400 Gb/sec (4X NDR)\n",
        base + "/ports/1/link_layer": "InfiniBand\n", base + "/device/net/ibs1/mtu": "4092\n",
        "/proc/net/route": "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
                           "eth1 00000000 0100000A 0003 0 0 200 00000000 0 0 0\n"
                           "bond0 00000000 0100000A 0003 0 0 100 00000000 0 0 0\n",
        "/etc/resolv.conf": "nameserver 10.0.0.2\nsearch x\n",
    }  # fmt: skip
    commands = {"getent ahosts n1": "10.0.0.11 STREAM n1\n10.0.0.11 DGRAM\n::1 STREAM\n", "getent ahosts n2": {"rc": 2}}
    host = capture(files, commands)
    assert network.rdma(host) == [
        {"name": "mlx5_0", "interfaces": ["ibs1"],
         "ports": [{"port": 1, "state": "ACTIVE", "rate_gbps": 400, "layer": "InfiniBand"}]}
    ]  # fmt: skip
    assert network.default_interface(host) == "bond0"
    assert network.name_addresses(host, "n1") == ["10.0.0.11", "::1"]
    assert network.name_addresses(host, "n2") == []
    assert network.name_addresses(host, "n3") is None
    assert network.network(host, "n1")["resolvers"] == ["10.0.0.2"]


def test_interfaces_with_and_without_iproute():
    base = "/sys/class/net/bond0"
    files = {
        base + "/address": "aa:bb:cc:dd:ee:ff\n", base + "/mtu": "9000\n", base + "/speed": "100000\n",
        base + "/operstate": "up\n", base + "/statistics/rx_errors": "3\n", base + "/statistics/tx_errors": "4\n",
        "/sys/class/net/bonding_masters": "bond0\n", "/sys/class/net/wlan0/address": "x\n",
        "/sys/class/net/wlan0/speed": "-1\n", "/sys/class/net/wlan0/operstate": "down\n",
        "/proc/net/if_inet6": "fe800000000000000000000000000001 02 40 20 80 bond0\n",
    }  # fmt: skip
    found = network.interfaces(capture(files))
    assert [item["name"] for item in found] == ["bond0", "wlan0"]
    assert found[0]["addresses"] == ["fe80::1/64"] and found[0]["errors"] == 7 and found[0]["up"]
    assert found[1]["speed_mbps"] is None and not found[1]["up"]
    rows = [{"ifname": "bond0", "addr_info": [{"local": "10.0.0.11", "prefixlen": 24}, {}]}]
    found = network.interfaces(capture(files, {"ip -j address show": json.dumps(rows)}))
    assert found[0]["addresses"] == ["10.0.0.11/24"]


def test_disks_and_clock():
    files = {
        "/sys/block/nvme0n1/size": "7501476528\n", "/sys/block/nvme0n1/queue/rotational": "0\n",
        "/sys/block/nvme0n1/device/model": "U.2 drive\n", "/sys/block/loop0/size": "8\n", "/sys/block/sda/size": "0\n",
    }  # fmt: skip
    assert system.disks(capture(files)) == [
        {"name": "nvme0n1", "size_bytes": 7501476528 * 512, "rotational": False, "model": "U.2 drive"}
    ]
    assert system.clock(Capture({"synchronized": False}), 5.0)["synchronized"] is False
    assert system.clock(capture(), 5.0)["synchronized"] is None
    there = Capture({"synchronized": False, "directories": ["/run/systemd/timesync/synchronized"]})
    assert system.clock(there, 5.0)["synchronized"] is True
    recorder = Recorder(Host())
    kept = system.clock(recorder, 5.0)["synchronized"]
    assert kept in (True, False) and recorder.data()["synchronized"] is Host().synchronized()
    keys = "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Result,ConditionResult"
    names = "chrony.service chronyd.service systemd-timesyncd.service ntp.service ntpd.service ntpsec.service"
    asked = {f"systemctl show {keys} -- {names}": "LoadState=loaded\nActiveState=active\n"}
    assert system.clock(capture(commands=asked, directories=["/run/systemd/system"]), 5.0)["source"] == "chrony"


def test_kernels_and_boot():
    files = {
        "/boot/vmlinuz-6.1.0-40-amd64": "", "/boot/vmlinuz-6.1.0-9-amd64": "",
        "/lib/modules/6.1.0-40-amd64/build/Makefile": "", "/lib/modules/6.1.0-9-amd64/kernel/x": "",
        "/lib/modules/5.0-leftover/modules.dep": "", "/proc/cmdline": "quiet iommu=pt\n", "/proc/1/comm": "systemd\n",
    }  # fmt: skip
    found = system.kernels(capture(files))
    assert [(k["version"], k["headers"], k["image"]) for k in found] == [
        ("6.1.0-9-amd64", False, True), ("6.1.0-40-amd64", True, True),
    ]  # fmt: skip
    found = system.boot(capture(files))
    assert found["secure_boot"] is False and not found["efi"] and found["init"] == "systemd"
    assert system.boot(capture(files, directories=["/sys/firmware/efi"]))["secure_boot"] is None


@pytest.mark.parametrize("text", ["", "ID=debian\nVERSION_ID=\"12\nBROKEN='", "# ID=x\nID=debian\nVERSION_ID=12\n"])
def test_os_release(text):
    found = system.os_release(capture({"/etc/os-release": text}))
    assert found["id"] in (None, "debian") and "ID" not in found
