# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a connection that failed said: the line that decides, and the cause it stands for.

ssh, sudo, the shell and Python of a node all write to one stream, with warnings that mean nothing among them (sudo's
that the node's own name does not resolve). So each line is asked for itself, and the most certain cause wins.
"""

from __future__ import annotations

import re
from typing import List, NamedTuple, Sequence, Tuple

# Lines that decide nothing, whoever writes them.
NOISE = re.compile(
    r"^(debug\d|Warning: Permanently added|ControlSocket |@+\s*$|@ +WARNING: |Shared connection to |\*\* )"
    r"|^sudo\W+(unable to resolve host|setrlimit|无法解析主机|无法解析：)"
    r"|^[\d.]+[+]\d+ records (in|out)$|^\d+[+]\d+ (记录|读入|写出)|^\d+ bytes .*copied|warning: setlocale"
)
PREFIX = re.compile(
    r"^(Failed to connect to the host via (ssh|sftp|scp): |Data could not be sent to remote host .* over ssh: "
    r"|\[sudo\] [^:：]*[:：] ?|Task failed: |Action failed: |Failed to create temporary directory\..* -vvv\. )"
)
# Nobody greeted at the end of a ProxyCommand; and the line that follows it, which a node's own sshd may cause too.
NO_GREETING = re.compile(r"^kex_exchange_identification: (Connection closed by|read: )|^stdio forwarding failed")
AFTER = re.compile(r"^(Connection (closed|reset) by|Disconnected from) UNKNOWN port 65535")

# What a line says -> what it comes to (a phrase of the messages, with `.how`). The first row that fits any line counts:
# what only one thing can mean comes before what several can. Nodes answer in the language of their locale, or of ours.
CAUSES: Sequence[Tuple[str, Sequence[str]]] = (
    (
        "key_changed",
        ("REMOTE HOST IDENTIFICATION HAS CHANGED", r"^Host key for \S+ has changed", "host key .* does not match"),
    ),
    (
        "host_key",
        ("Host key verification failed", "authenticity of host", "not found in known_hosts", "^Server .* not found"),
    ),
    (
        "key_file",
        (
            "bad permissions$",
            r"^Permissions 0\d+ for",
            "UNPROTECTED PRIVATE KEY",
            "^Load key .*:",
            "no such identity",
            "not a valid .* private key",
            "Identity file .* not accessible",
        ),
    ),
    ("sshpass", ("install the sshpass program",)),
    ("ssh_config", ("Bad owner or permissions on", "Bad configuration option", "bad configuration options")),
    ("controller", ("too long for Unix domain socket", "Unable to create local director")),
    ("old_ssh", ("no matching (host key type|key exchange method|cipher|MAC) found",)),
    ("too_many", ("Too many authentication failures",)),
    (
        "expired",
        (
            "[Pp]assword has expired",
            "[Aa]ccount or password is expired",
            "[Pp]assword change required",
            "change your password",
            "(密码|口令).*过期",
        ),
    ),
    ("account", ("account has expired", "account validation failure", "(帐户|账户|帐号|账号).*(过期|失效|验证失败)")),
    (
        "sudoers",
        (
            "is not in the sudoers file",
            "is not allowed to (run sudo|execute)",
            "may not run sudo",
            "不(在|是) ?sudoers ?文件",
            "无权(以|在)",
        ),
    ),
    ("tty", ("must have a tty to run sudo", "必须(拥有|有)一个终端")),
    (
        "wrong_password",
        (
            r"Incorrect \w+ password",
            "incorrect password attempt",
            "^Sorry, try again",
            "^su: Authentication failure",
            "密码尝试错误",
            "^对不起，请重试",
            "^su[:：] ?(认证失败|鉴定故障|身份验证失败)",
        ),
    ),
    (
        "no_password",
        (
            r"Missing \w+ password",
            "a password is required",
            "a terminal is required to (read the password|authenticate)",
            "需要(输入)?密码",
            "需要(一个)?终端",
            "Timeout .*(privilege escalation|become)",
        ),
    ),
    (
        "become_program",
        (
            "(sudo|su|doas|pbrun|dzdo): ((command )?not found|No such file)",
            "sudo: .*must be (owned by uid 0|setuid root)",
            "effective uid is not 0",
            "no new privileges",
            "must be run from a terminal",
        ),
    ),
    (
        "shell",
        (
            "restricted: cannot",
            "restricted shell",
            "[:：] ?受限的",
            "account is (currently )?not available",
            r"^(lshell|\S*nologin)\b",
        ),
    ),
    ("full", ("No space left on device", "Disk quota exceeded", "空间不足", "没有空间", "超出磁盘限额")),
    ("read_only", ("Read-only file system", "只读文件系统")),
    ("booting", ("System is (going down|booting up)", "Unprivileged users are not permitted")),
    ("python_old", ("requires a minimum of Python", "SyntaxError: (future feature|invalid syntax)")),
    (
        "python",
        (
            "module interpreter .* was not found",
            r"python[\d.]*[:：]? .*(not found|No such file|未找到|没有那个文件)",
            "(No such file or directory|没有那个文件或目录)[:：].*python",
            r"python[\d.]*[:：] (command )?not found",
            "interpreter.*(not found|No such file)",
            r"^\S*sh: (line )?\d+: \S+: Permission denied",
        ),
    ),
    (
        "temporary",
        (
            "[Ff]ailed to create temporary directory",
            "^Failed command was: .*mkdir -p",
            "mkdir: .*(Permission denied|权限不够)",
            "not writable",
        ),
    ),
    ("behind", ("stdio forwarding failed", "open failed: (connect failed|administratively prohibited)")),
    (
        "name",
        ("^(ssh: )?Could not resolve hostname", r"\[Errno -\d+\]", "nodename nor servname", "^getaddrinfo"),
    ),
    ("refused", ("Connection refused", "Unable to connect to port")),
    ("route", ("No route to host", "Network is unreachable", "Host is down", "EHOSTUNREACH")),
    (
        "login",
        (
            r"Permission denied \(",
            "Permission denied, please try again",
            "Invalid/incorrect password",
            "Authentication failed",
            "[Aa]uthentication (exception|or permission failure)",
        ),
    ),
    ("silent", ("[Tt]imed? ?out", "[Tt]imeout")),
    ("closed", ("Connection closed by", "Connection reset by peer", "closed by remote host", "Broken pipe")),
    ("temporary", ("Permission denied", "权限不够")),
    ("noise", ("deserialization failed", "No start of json char")),
    ("python", ("python", "interpreter")),
)
RULES = [(re.compile("|".join(patterns)), cause) for cause, patterns in CAUSES]
BEHIND = next(rule for rule, cause in RULES if cause == "behind")
VAGUE = ("noise", "python", "temporary", "closed")


class Heard(NamedTuple):
    """`cause`: the name of a phrase (`reach.<cause>`); `line`: the one that decided; empty where nothing was said."""

    cause: str
    line: str


def understand(said: str) -> Heard:
    """The cause that a failed connection's words stand for, `other` for none that is known."""
    lines = [line for line in (_bare(line) for line in said.splitlines()) if line and not NOISE.search(line)]
    if any(NO_GREETING.search(line) for line in lines):  # the way in between ended; what it said itself is the reason
        return _on_the_way([line for line in lines if not (NO_GREETING.search(line) or AFTER.search(line))], lines)
    for rule, cause in RULES:
        line = next((line for line in lines if rule.search(line)), "")
        if line:
            return Heard(cause, line)
    return Heard("other", lines[-1] if lines else "")


def _on_the_way(told: List[str], lines: List[str]) -> Heard:
    certain = [rule for rule, cause in RULES if cause not in VAGUE]
    line = next((line for rule in certain for line in told if rule.search(line)), "")
    behind = next((line for line in lines if BEHIND.search(line)), "")
    if behind:
        return Heard("behind", behind)
    return Heard("jump", line or told[-1]) if told else Heard("closed", lines[-1])


def _bare(line: str) -> str:
    line = line.strip()
    while PREFIX.match(line):
        line = PREFIX.sub("", line, 1).strip()
    return line[:300]
