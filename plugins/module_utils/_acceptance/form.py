# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says and in which order, for readers of one language: the same for a page and for print."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple, Union

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.judge import ORDER, PASS
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.plots import chart
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import LANGUAGES, WORDS

COLOURS = {"pass": "#2d7d46", "conditional": "#8a5f00", "fail": "#b3261e", "skipped": "#555555"}
BETWEEN = {"zh": "；", "en": "; "}
NUMERALS = "一二三四五六七八九十"
GIB = 1 << 30
MANY = 4  # passed figures of one kind, from which on they are told in one line
CHANGED = 5.0  # percent, from which on a figure beside the planned number of requests is told as changed
CONTENT = (("images", "ref"), ("weights", "model"))
Row = Mapping[str, Any]
Take = Callable[[Row], float]
Cell = Union[str, Tuple[str, str]]  # a text, or a text and the verdict whose colour it has
Block = Dict[str, Any]
DRAWN: Tuple[Tuple[str, Take], ...] = (
    ("tokens_per_second", lambda row: float(row["tokens_per_second"])),
    ("first_token_p90", lambda row: float(row["first_token_ms"]["p90"]) / 1000),
    ("latency_p90", lambda row: float(row["latency_ms"]["p90"]) / 1000),
)


class Form:
    """`blocks`: each `kind` (title, verdict, heading, text, table, figure, sign) with what it shows."""

    def __init__(self, report: Row, language: str) -> None:
        self.report, self.language = report, language
        self.blocks: List[Block] = []
        self._headings = 0
        self._fill()

    def _fill(self) -> None:
        self._cover()
        self._equipment()
        self._judged()
        self._function()
        self._quality()
        self._speed()
        self._soak()
        self._against()
        self._signing()

    def word(self, key: str) -> str:
        return WORDS[key][LANGUAGES.index(self.language)]

    def _add(self, kind: str, **what: Any) -> None:
        self.blocks.append({"kind": kind, **what})

    def _heading(self, key: str) -> None:
        number = f"{NUMERALS[self._headings]}、" if self.language == "zh" else f"{self._headings + 1}. "
        self._headings += 1
        self._add("heading", text=number + self.word(key))

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[Cell]], widths: Sequence[int], *right: int) -> None:
        """`widths`: shares of the page. `right`: columns of numbers."""
        self._add("table", head=[self.word(key) for key in head], rows=rows, widths=widths, numeric=right)

    def _pairs(self, rows: Sequence[Tuple[str, Any]]) -> None:
        self._table(("item", "value"), [(self.word(key), str(value or "-")) for key, value in rows], (3, 9))

    def _mark(self, verdict: str) -> Cell:
        return (self.word(verdict), verdict)

    def _cover(self) -> None:
        report, load = self.report, self.report["load"]
        self._add("title", text=self.word("title"))
        verdict = self.word("whole").format(self.word(report["verdict"]))
        self._add("verdict", text=verdict, verdict=report["verdict"])
        counts = [(key, report["counts"][key]) for key in COLOURS if report["counts"][key]]
        said = BETWEEN[self.language].join(f"{self.word(key)} {number}" for key, number in counts)
        self._add("centred", text=said)
        self._heading("parties")
        self._table(
            ("item", "value"),
            [(self.word(key), report["parties"].get(key) or "") for key in ("vendor", "customer", "contract", "site")]
            + [(self.word("number"), report["number"]), (self.word("made"), report["made"])],
            (3, 9),
        )
        self._heading("delivered")
        self._pairs([
            ("deployment", report["deployment"]),
            ("profile", report["profile"]),
            ("model", report["model"]),
            ("engine", report["engine"]),
            ("planned", report["planned"]),
            ("plan", report["plan_sha256"]),
            ("collection", report["collection"]),
            ("generator", f"{load['generator']}, seed {load['seed']}"),
            ("asked_at", f"{load['url']} ({load['from']})"),
        ])  # fmt: skip

    def _equipment(self) -> None:
        self._heading("machines")
        rows: List[Tuple[str, str, str, str]] = []
        for name, machine in self.report["identity"].items():
            rows += [(name, *row) for row in self._parts(machine)]
        numbered = [(str(number), *row) for number, row in enumerate(rows, 1)]
        self._table(("place", "machine", "part", "serial", "remark"), numbered, (1, 2, 4, 7, 4))
        for name, machine in self.report["identity"].items():
            memory = f"{(machine.get('memory_bytes') or 0) / GIB:,.0f} GiB"
            self._add("text", text=name)
            self._pairs([
                *((key, machine.get(key)) for key in ("system", "kernel", "driver", "docker", "firmware")),
                ("cpu", f"{machine.get('cpu') or '-'} ({machine.get('threads') or '-'})"),
                ("memory", memory),
                *((part, f"{row[name]} {row['sha256']}") for part, name in CONTENT for row in machine.get(part) or ()),
            ])  # fmt: skip

    def _parts(self, machine: Row) -> List[Tuple[str, str, str]]:
        """(what it is, its number, a remark), from the whole machine to its interfaces."""
        whole = " ".join(filter(None, [machine.get("maker"), machine.get("product")])) or "-"
        none = "" if machine.get("serial") else self.word("no_serial")
        rows = [(whole, machine.get("serial") or "-", none)]
        if machine.get("board_serial"):
            rows.append((self.word("board"), machine["board_serial"], ""))
        rows.append((self.word("machine_id"), machine.get("machine") or "-", ""))
        for gpu in machine.get("gpus") or ():
            size = f"{(gpu.get('memory_bytes') or 0) / GIB:,.0f} GiB"
            told = f"{gpu.get('bus') or '-'}, {size}, VBIOS {gpu.get('vbios') or '-'}"
            rows.append((str(gpu.get("name")), str(gpu.get("uuid") or "-"), told))
        rows += [(disk["model"], disk["serial"] or "-", f"{disk['name']}, {disk['size']}") for disk in machine["disks"]]
        for card in machine.get("interfaces") or ():
            told = f"{card['name']}, {card['mbit'] or '-'} Mbit/s, {self.word('fixed')} {card.get('firmware') or '-'}"
            rows.append((str(card["driver"] or "-"), card["mac"], told))
        return rows

    def _judged(self) -> None:
        self._heading("judged")
        rows: List[Sequence[Cell]] = []
        for row in self._gathered():
            said = row["text"][self.language] + self._causes(row)
            rows.append((
                self.word(row["key"]), step_name(row["step"]), str(row["stated"]), str(row["measured"]),
                self._mark(row["verdict"]), said,
            ))  # fmt: skip
        head = ("figure", "step", "stated", "measured", "verdict", "remark")
        self._table(head, rows, (5, 5, 3, 3, 4, 9), 2, 3)

    def _gathered(self) -> List[Row]:
        """Figures, the worst first. Of many that are alike and passed, one stands for all."""
        alike: Dict[Tuple[str, str], List[Row]] = {}
        for row in self.report["figures"]:
            alike.setdefault((row["key"], row["verdict"]), []).append(row)
        found: List[Row] = []
        for verdict in (*reversed(ORDER), "skipped"):
            for (_key, given), rows in alike.items():
                if given == verdict == PASS and len(rows) > MANY:
                    text = {
                        each: self.word("all_passed").format(len(rows), rows[0]["text"][each]) for each in LANGUAGES
                    }
                    found.append({**rows[0], "text": text})
                elif given == verdict:
                    found += rows
        return found

    def _own(self, text: Union[str, Mapping[str, str]]) -> str:
        return text if isinstance(text, str) else text[self.language]

    def _causes(self, row: Row) -> str:
        told = () if row["verdict"] == "skipped" else row.get("causes", ())
        causes = BETWEEN[self.language].join(cause[self.language] for cause in told)
        return self.word("causes") + causes if causes else ""

    def _function(self) -> None:
        self._heading("function")
        rows = [
            (row["name"][self.language], self._mark(row["verdict"]), self._own(row["evidence"]))
            for row in self.report["function"]
        ]
        self._table(("check", "verdict", "evidence"), rows, (5, 3, 10))

    def _speed(self) -> None:
        self._heading("speed")
        rows = []
        for row in self.report["speed"]:
            first, latency = (
                " / ".join(f"{row[key][p]:,.0f}" for p in ("p50", "p90", "p99"))
                for key in ("first_token_ms", "latency_ms")
            )
            between = " / ".join(f"{row['between_ms'][p]:,.1f}" for p in ("p50", "p90", "p99"))
            rows.append((
                step_name(row), f"{row['requests']}", f"{row['failed']}", first, between, latency,
                f"{row['tokens_per_second']:,.1f}", f"{row['requests_per_second']:,.2f}",
            ))  # fmt: skip
        head = ("step", "requests", "failed", "first_token", "between", "latency", "tokens_per_second")
        self._table((*head, "requests_per_second"), rows, (7, 3, 3, 9, 7, 9, 4, 4), *range(1, 8))
        for row in self.report["knees"]:
            knee = row["knee"] or self.word("not_reached")
            self._add("text", text=f"{row['prompt']} / {row['answer']}: {self.word('knee')} {knee}")
        pairs = sorted({(row["prompt"], row["answer"]) for row in self.report["speed"]})
        for key, take in DRAWN:
            curves = []
            for pair in pairs:
                steps = [row for row in self.report["speed"] if (row["prompt"], row["answer"]) == pair]
                curves.append((f"{pair[0]} / {pair[1]}", [(float(row["concurrency"]), take(row)) for row in steps]))
            self._add("figure", svg=chart(curves, self.word("at_once")), text=self.word(key))

    def _quality(self) -> None:
        quality = self.report.get("quality")
        if not quality:
            return
        self._heading("quality")
        if quality["lab"]:
            self._add("text", text=self.word("lab_model"))
        rows = [
            (
                self.word(row["area"]), f"{row['right']} / {row['asked']}", f"{row['percent']:g}",
                self.word("unknown") if row["reference"] is None else f"{row['reference']:g}", f"{row['least']:g}",
                self._mark(row["verdict"]),
            )
            for row in quality["areas"]
        ]  # fmt: skip
        self._table(("area", "right", "percent", "reference", "least", "verdict"), rows, (4, 3, 3, 4, 3, 4), 1, 2, 3, 4)
        if quality["signs"]:
            broken = [
                (
                    row["name"][self.language],
                    str(row["count"]),
                    self._mark(row["verdict"]),
                    row["example"] + self._causes(row),
                )
                for row in quality["signs"]
            ]
            self._table(("sign", "answers", "verdict", "example"), broken, (5, 2, 3, 12), 1)
        answers = [
            (
                row["id"] if self.language == "en" else f"{self._named(row['area'])} {row['id'].rpartition('-')[2]}",
                self._mark("pass" if row["right"] else "fail") if not quality["lab"] else "-",
                row["answer"],
            )
            for row in quality["answers"]
        ]
        self._table(("question", "verdict", "answer"), answers, (3, 3, 14))

    def _soak(self) -> None:
        soak = self.report.get("soak") or {}
        slices = soak.get("slices") or []
        if not slices:
            return
        self._heading("soak")
        asked = sum(row["requests"] for row in slices)
        failed = sum(row["failed"] for row in slices)
        self._add("text", text=self.word("soaked").format(asked=asked, failed=failed, **soak))
        each = soak["slice_seconds"] / 60
        lines = [(key, take, [(each * (at + 1), take(row)) for at, row in enumerate(slices)]) for key, take in DRAWN]
        for key, _take, points in lines:
            self._add("figure", svg=chart([("", points)], self.word("minutes")), text=self.word(key))
        for host in slices[0]["nodes"]:
            cards: Dict[str, List[Tuple[float, float]]] = {}
            for at, row in enumerate(slices):
                for card in (row["nodes"].get(host) or {}).get("gpus") or ():
                    if card["degrees"]:
                        cards.setdefault(str(card["index"]), []).append((each * (at + 1), float(card["degrees"][1])))
            if cards:
                drawn = chart([(f"GPU {name}", points) for name, points in cards.items()], self.word("minutes"))
                self._add("figure", svg=drawn, text=f"{host}: {self.word('degrees')}")

    def _against(self) -> None:
        against = self.report.get("against")
        if not against:
            return
        self._heading("against")
        self._add("text", text=self.word("earlier").format(**against))
        if any(row["kind"] == "figure" for row in against["rows"]):
            self._add("text", text=self.word("steady").format(CHANGED))
        for kinds, head in ((("hardware", "software"), "changed"), (("figure",), "figures")):
            rows = [
                (
                    self._named(row["of"]), self._named(row["key"]), self._value(row["before"]),
                    self._value(row["after"]), "-" if row["percent"] is None else f"{row['percent']:+.1f}",
                )
                for row in against["rows"]
                if row["kind"] in kinds and self._worth_telling(row)
            ]  # fmt: skip
            if rows:
                self._table(("of", head, "before", "now", "percent_changed"), rows, (4, 4, 6, 6, 3), 4)
            else:
                self._add("text", text=self.word("nothing_" + head))

    def _named(self, key: str) -> str:
        return self.word(key) if key in WORDS else key

    def _worth_telling(self, row: Row) -> bool:
        """Of the steps, the planned number of requests at once, and what changed elsewhere; the data has them all."""
        steady = row["percent"] is not None and abs(row["percent"]) < CHANGED
        return not (steady and "·" in row["of"]) or row["of"].endswith(f" {self.report['planned']}")

    def _value(self, value: Any) -> str:
        return self.word(value) if value in COLOURS else "-" if value in (None, "") else str(value)

    def _signing(self) -> None:
        self._heading("signing")
        self._add("text", text=self.word("sealed").format(**self.report))
        fields = [self.word(key) for key in ("company", "person", "date")]
        self._add(
            "sign",
            sides=[self.word("vendor"), self.word("customer")],
            fields=fields,
            choice=self.word("opinion"),
            left=self.word("open_points"),
        )


class Comparison(Form):
    """What changed since an earlier report, alone."""

    def _fill(self) -> None:
        self._add("title", text=self.word("against"))
        told = (str(self.report[key]) for key in ("deployment", "number", "made"))
        self._add("centred", text=" · ".join(told))
        self._against()

    def lines(self) -> List[str]:
        """Each change in a line, for a terminal."""
        line, more = {"zh": ("{}，{}：{} → {}", "（{}%）"), "en": ("{}, {}: {} → {}", " ({} %)")}[self.language]
        rows = [row for block in self.blocks if block["kind"] == "table" for row in block["rows"]]
        return [line.format(*row) + ("" if row[-1] == "-" else more.format(row[-1])) for row in rows]


def step_name(step: Row) -> str:
    return f"{step['prompt']} / {step['answer']} · {step['concurrency']}" if step else "-"
