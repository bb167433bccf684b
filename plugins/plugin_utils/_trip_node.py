# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a trip on the node: runs the modules that come on standard input. Its text is sent, nothing else of ours.

Most of a module's time goes into starting Python and importing what every module imports. Here that is done once; each
module then runs in a copy of this process, so none sees what another one left in memory.
"""

import base64
import collections
import contextlib
import importlib
import importlib.machinery
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import zipfile

MARK = "yitiji-together:"
OURS = ("ansible.", "ansible_collections.")


class Packed:
    """Finds a module's own files in its own archive, though the packages that they lie in came from another one."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not name.startswith(OURS):
            return None
        inside = [os.path.join(place, *name.split(".")[:-1]) for place in sys.path if place.endswith(".zip")]
        return importlib.machinery.PathFinder.find_spec(name, inside)


def load(archives, uses, folder):
    """Imports what several modules share. What cannot be imported, the module that wants it will say so."""
    wanted, texts = collections.Counter(), set()
    for number, archive in enumerate(archives):
        with contextlib.suppress(ValueError, zipfile.BadZipFile):  # some other long text
            content = base64.b64decode(archive)
            files = {file.filename: file.CRC for file in zipfile.ZipFile(io.BytesIO(content)).infolist()}
            sys.path.append(os.path.join(folder, f"{number}.zip"))
            with open(sys.path[-1], "wb") as stream:
                stream.write(content)
            wanted.update({name: uses[number] for name in files if "/module_utils/" in name and name.endswith(".py")})
            texts.update(files.items())
    sys.meta_path.insert(0, Packed)
    alike = collections.Counter(name for name, _text in texts)
    for name in sorted(name for name, times in wanted.items() if times > 1 and alike[name] == 1):
        with contextlib.suppress(Exception):
            importlib.import_module(name[: -len(".py")].replace("/__init__", "").replace("/", "."))


def unnamed():
    """A file in memory: an answer may hold a secret."""
    return open(os.memfd_create("told"), "w+b")


class Running:
    """One module, in a process of its own."""

    def __init__(self, module, limit):
        self.limit, self.began = limit, time.monotonic()
        self.out, self.err = unnamed(), unnamed()
        self.process = os.fork()
        if self.process == 0:
            for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), self.out.fileno(), self.err.fileno())):
                os.dup2(file, number)
            exec(compile(module, "<stdin>", "exec", dont_inherit=True), {"__name__": "__main__"})  # noqa: S102 - what it is for
            sys.exit()

    def answer(self):
        """None while it runs; one without a status where it took too long."""
        process, status = os.waitpid(self.process, os.WNOHANG)
        if process:
            texts = [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0) for file in (self.out, self.err)]
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            return [code, *(text.decode("utf-8", "replace") for text in texts)]
        if self.limit and time.monotonic() - self.began > self.limit:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            return [None, "", ""]
        return None


def run(work, most):
    """The answers in the order of the work; at most so many of it at the same time."""
    answers, running, waiting, nap = {}, {}, list(enumerate(work)), 0.001
    while waiting or running:
        while waiting and len(running) < most:
            number, one = waiting.pop(0)
            running[number] = Running(*one)
        for number, answer in [(number, one.answer()) for number, one in running.items()]:
            if answer:
                answers[number], nap = answer, 0.001
                del running[number]
        if running:
            time.sleep(nap)
            nap = min(nap * 1.2, 0.05)
    return [answers[number] for number in sorted(answers)]


def holds(wanted, found):
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(holds(wanted[key], found.get(key)) for key in wanted)
    return wanted == found


def ended(answer, ends):
    """Where an answer is not what the step's action takes for its end, it has more to do before the next may run."""
    if not isinstance(ends, dict):
        return ends
    try:
        return holds(ends, json.loads(answer[1][answer[1].index("{") : answer[1].rindex("}") + 1]))
    except ValueError:
        return False


def main():
    feed, me, folder = sys.stdin.buffer, os.getpid(), tempfile.mkdtemp(prefix="ansible_together_")
    try:
        order = json.loads(feed.readline().decode())
        archives = [feed.read(size) for size in order["archives"]]
        modules = []
        for before, archive, after in order["modules"]:
            modules.append(feed.read(before) + (b"" if archive is None else archives[archive]) + feed.read(after))
        load(archives, collections.Counter(archive for _before, archive, _after in order["modules"]), folder)
        work, told = list(zip(modules, order["limits"])), []
        if order["independent"]:
            told = run(work, min(8, os.cpu_count() or 1))
        else:
            for one, may_fail, ends in zip(work, order["may_fail"], order["ends"]):
                told += run([one], 1)
                if (told[-1][0] != 0 and not may_fail) or not ended(told[-1], ends):
                    break
        print(MARK + json.dumps(told))
    finally:
        if os.getpid() == me:  # the copies that run modules end here, too
            shutil.rmtree(folder, ignore_errors=True)
