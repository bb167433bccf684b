# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the chat page, of Ollama, and of who can reach what (LLM7xx, LLM8xx)."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional
from urllib.parse import urlsplit

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.paths import within
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import (
    WILDCARDS,
    each_unit,
    engine_ports,
    of_engine,
    ours,
    owner,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import docker_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    skipped,
    unknown,
    warned,
)

CHAT = "yitiji-open-webui"
HOMES = ("/home", "/root", "/run/user")  # what ProtectHome hides
DATA = "/app/backend/data"
TRUE = ("true", "1", "yes", "on")
INFERENCE_PORTS = {11434: "Ollama", 8000: "vLLM", 30000: "SGLang", 23333: "LMDeploy", 8265: "Ray", 6379: "Ray"}


def chat_container(context: Context) -> Optional[Dict[str, Any]]:
    found = (context.measures.get("containers") or {}).get(CHAT)
    return found if isinstance(found, dict) else None


def _absent(context: Context) -> Finding:
    if docker_of(context).get("running") is False:
        return unknown("the Docker daemon does not answer", "Docker 守护进程没有应答")
    return failed(f"the container {CHAT} does not run", f"容器 {CHAT} 没有运行")


def _by_environment(context: Context, judge: Callable[[Dict[str, str]], Finding]) -> Finding:
    found = chat_container(context)
    if found is None:
        return _absent(context)
    environment = found.get("environment")
    if environment is None:
        return unknown("its environment can't be read", "无法读取其环境变量")
    return judge(environment)


def reaches_engine(context: Context) -> Finding:
    found = chat_container(context)
    if found is None:
        return _absent(context)
    environment = found.get("environment") or {}
    urls = (
        environment.get("OPENAI_API_BASE_URLS")
        or environment.get("OPENAI_API_BASE_URL")
        or environment.get("OLLAMA_BASE_URL")
    )
    if not urls:
        return unknown("the address of the engine is not in its environment", "环境变量中没有引擎地址")
    hosts = [urlsplit(url).hostname or "" for url in urls.split(";")]
    if found.get("network_mode") != "host" and any(host in ("127.0.0.1", "localhost", "::1") for host in hosts):
        return failed(f"{urls} means the page's own container", f"{urls} 指向的是网页自己的容器")
    containers = context.measures.get("containers") or {}
    for host in hosts:
        if host.startswith("yitiji-"):
            if host not in containers:
                return failed(f"the container {host} does not run", f"容器 {host} 没有运行")
            shared = set(found.get("networks") or []) & set(containers[host].get("networks") or [])
            if not shared:
                return failed(f"{CHAT} and {host} share no network", f"{CHAT} 与 {host} 不在同一网络")
    return passed(f"engine at {urls}", f"引擎地址 {urls}")


def offline(context: Context) -> Finding:
    return _by_environment(context, _offline)


def _offline(environment: Dict[str, str]) -> Finding:
    missing = [name for name in ("OFFLINE_MODE", "HF_HUB_OFFLINE") if environment.get(name, "").lower() not in TRUE]
    if missing:
        return failed(
            f"not set: {', '.join(missing)}; without Internet it hangs at the start",
            f"未设置：{', '.join(missing)}；无外网时启动会卡住",
        )
    return passed("it asks nothing of the Internet", "不访问外网")


def secret_key(context: Context) -> Finding:
    found = chat_container(context)
    if found is None:
        return _absent(context)
    mounts = found.get("mounts")
    if mounts is None:
        return unknown("its mounts can't be read", "无法读取其挂载")
    if DATA not in mounts:
        return failed("its data lie inside the container and go with it", "数据在容器内，随容器一起丢失")
    if "WEBUI_SECRET_KEY" in (found.get("secrets_in_environment") or []):
        return warned("the secret key shows in docker inspect", "`docker inspect` 可以看到密钥")
    secrets = context.measures.get("secrets") or {}
    if not secrets.get("present"):
        return failed("/etc/yitiji/secrets is empty: the key is not kept", "/etc/yitiji/secrets 为空：密钥没有保存")
    if secrets.get("open"):
        return failed(f"others can read {', '.join(secrets['open'])}", f"其他用户可以读取 {', '.join(secrets['open'])}")
    return passed(f"data in {mounts[DATA]}, secrets kept and closed", f"数据在 {mounts[DATA]}，密钥已保存且受保护")


def persistent_config(context: Context) -> Finding:
    return _by_environment(context, _persistent_config)


def _persistent_config(environment: Dict[str, str]) -> Finding:
    if environment.get("ENABLE_PERSISTENT_CONFIG", "true").lower() in TRUE:
        return warned("settings clicked once in the page win over the deployment's", "网页中修改过的设置会覆盖部署设置")
    return passed("the deployment's settings win", "以部署设置为准")


def ollama_models(context: Context) -> Finding:
    found = context.measures.get("ollama")
    if found is None:
        return unknown("Ollama's unit can't be read", "无法读取 Ollama 服务")
    folder = (found.get("environment") or {}).get("OLLAMA_MODELS")
    if not folder:
        return skipped("OLLAMA_MODELS is not set", "未设置 OLLAMA_MODELS")
    if found.get("protect_home") in ("yes", "read-only", "tmpfs") and any(within(home, folder) for home in HOMES):
        return failed(f"the unit hides {folder} (ProtectHome)", f"服务无法看到 {folder}（ProtectHome）", folder=folder)
    problem = found.get("models_problem")
    if problem == "?" or problem is None:
        return unknown(f"could not try to write to {folder}", f"无法检测 {folder} 的写权限")
    if problem:
        return failed(problem, problem, folder=folder)
    return passed(f"{found.get('user')} can write to {folder}", f"{found.get('user')} 可以写入 {folder}")


def exposed(context: Context) -> Finding:
    listeners = context.node.get("listeners")
    if listeners is None:
        return unknown("the listeners are not known", "无法得知监听端口")
    ports = context.settings.get("ports") or {}
    public = {int(ports[name]) for name in ("https", "http") if ports.get(name)}
    clustered = len((context.plan or {}).get("nodes") or {}) > 1
    bad: List[str] = []
    for item in listeners:
        if item["protocol"] != "tcp" or item["address"] not in WILDCARDS or item["port"] in public:
            continue
        if of_engine(context, item) and (clustered or item["port"] in engine_ports(context)):
            continue  # LLM404 and LLM803 speak of these
        own = ours(context, item) and item.get("unit") != "nginx.service"
        if own or item.get("container") or item["port"] in INFERENCE_PORTS or item.get("process") == "docker-proxy":
            bad.append(f"{item['port']} ({owner(item)})")
    if bad:
        text = ", ".join(sorted(set(bad)))
        return failed(
            f"open on all addresses, past the host's firewall: {text}",
            f"在所有地址上开放（绕过主机防火墙）：{text}",
            ports=text,
        )
    return passed("only the gateway is public", "只有网关对外开放")


def signup(context: Context) -> Finding:
    weak = (context.measures.get("secrets") or {}).get("weak")
    if weak:
        return failed(f"a password as easy as a default one: {', '.join(weak)}", f"密码过于简单：{'，'.join(weak)}")
    answer = (context.measures.get("net") or {}).get("chat config")
    if answer is None or not answer.get("ok") or not answer.get("body"):
        return unknown("the page's configuration could not be read", "无法读取网页配置")
    features = answer["body"].get("features") or {}
    if features.get("auth") is False:
        return failed("the page asks nobody for a password", "网页不需要登录")
    if features.get("enable_signup"):
        return failed("anybody can make an account", "任何人都可以注册账号")
    return passed("sign-up is closed", "注册已关闭")


def engine_key(context: Context) -> Finding:
    return each_unit(context, _engine_key)


def _engine_key(context: Context, unit: Dict[str, Any]) -> Finding:
    if not unit.get("serves"):
        return skipped("this rank serves nobody", "该 rank 不对外服务")
    port = unit.get("port") or (context.settings.get("ports") or {}).get("engine")
    wide = [
        item
        for item in context.node.get("listeners") or []
        if item["port"] == port and item["address"] in WILDCARDS and of_engine(context, item)
    ]
    if wide:
        return failed(
            f"the engine listens on {wide[0]['address']}: routes outside /v1 need no key",
            f"引擎监听 {wide[0]['address']}：/v1 以外的接口无需密钥",
        )
    answer = (context.measures.get("net") or {}).get(f"{unit['name']} without key")
    if answer is None or not answer.get("ok"):
        return unknown("the engine could not be asked", "无法访问引擎")
    keyless = ((context.plan or {}).get("run") or {}).get("key_variable") == ""
    if answer.get("status") == 200 and keyless:
        return passed(
            "this engine knows no key; it listens on loopback only, behind the gateway",
            "该引擎没有密钥功能；它只监听回环地址，由网关保护",
        )
    if answer.get("status") == 200:
        return failed("the engine answers without a key", "引擎无需密钥即可访问")
    if answer.get("status") in (401, 403):
        return passed(
            "without a key the engine refuses, and it listens on loopback only", "无密钥时拒绝访问，且只监听回环地址"
        )
    return unknown(f"the engine answered {answer.get('status')}", f"引擎返回 {answer.get('status')}")


PROBES: Dict[str, Probe] = {
    "LLM701": reaches_engine,
    "LLM702": ollama_models,
    "LLM703": offline,
    "LLM704": secret_key,
    "LLM705": persistent_config,
    "LLM801": exposed,
    "LLM802": signup,
    "LLM803": engine_key,
}
