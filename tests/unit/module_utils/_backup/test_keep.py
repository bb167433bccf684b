# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule by which backups stay."""

from __future__ import annotations

import datetime

from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import keep

RULE = {"last": 2, "daily": 3, "weekly": 2, "monthly": 3}


def named(day: datetime.date, hour: int = 2) -> str:
    return f"appliance-{day:%Y%m%d}T{hour:02}0000Z.tar.gz.age"


def left(names: list[str], rule=RULE, made: str = "") -> list[str]:
    gone = keep.doomed(names, "appliance", rule, made)
    return sorted(set(names) - set(gone))


def test_days_weeks_and_months_of_a_year():
    days = [datetime.date(2026, 1, 1) + datetime.timedelta(number) for number in range(200)]
    stay = left([named(day) for day in days])
    assert stay == [named(datetime.date(2026, *day)) for day in ((5, 31), (6, 30), (7, 12), (7, 17), (7, 18), (7, 19))]


def test_several_of_a_day_count_once():
    day = datetime.date(2026, 1, 1)
    assert left([named(day, hour) for hour in range(10)]) == [named(day, 8), named(day, 9)]


def test_the_one_just_made_stays_whatever_the_clock_says():
    old = named(datetime.date(1970, 1, 1))
    names = [old, *(named(datetime.date(2026, 1, day)) for day in range(1, 20))]
    rule = {"last": 1, "daily": 0, "weekly": 0, "monthly": 0}
    assert left(names, rule, old) == [old, named(datetime.date(2026, 1, 19))]


def test_files_of_others_are_not_touched():
    others = ["open-webui-before-upgrade-20000101T000000Z.tar.gz", "appliance-20000101T000000Z.tar.gz.part", "x",
              "appliance-x-20000101T000000Z.tar.gz", "../appliance-20000101T000000Z.tar.gz", ""]  # fmt: skip
    assert keep.doomed(others, "appliance", {**RULE, "last": 1}, "") == []


def test_encrypted_and_plain_ones_are_one_series():
    assert keep.mine(["appliance-20260101T000000Z.tar.gz", "appliance-20260102T000000Z.tar.gz.age"], "appliance") == [
        "appliance-20260102T000000Z.tar.gz.age", "appliance-20260101T000000Z.tar.gz",
    ]  # fmt: skip


def test_halves_of_transfers_that_were_cut_go_but_none_of_the_present_one_or_of_others():
    made = "n1-20260103T000000Z.tar.gz.age"
    files = ["n1-20260101T000000Z.tar.gz.age.part", "n1-20260102T000000Z.tar.gz.part", f"{made}.part", "n1-x.part",
             "n2-20260101T000000Z.tar.gz.part", "n1-20260101T000000Z.tar.gz"]  # fmt: skip
    assert keep.halves(files, "n1", made) == files[:2]
