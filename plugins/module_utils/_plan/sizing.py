# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every sizer returns, whatever the engine: one engine, sized and with its arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish


@dataclass(frozen=True)
class Rank:
    """One node's part of an engine."""

    node: Node
    gpus: List[int]
    args: List[str]


@dataclass(frozen=True)
class Sizing:
    """One engine: a single rank, or a rank on each of several nodes. The first rank answers requests."""

    wish: Wish  # as it was decided: with the files that are taken, and their bytes
    ranks: Tuple[Rank, ...]
    device: str
    image: Optional[Dict[str, Any]]  # None: the engine runs on the node itself
    version: str
    layout: Dict[str, int]  # tensor, pipeline, data
    memory: Dict[str, Any]
    capacity: Dict[str, Any]
    memory_bytes: int  # main memory that a node needs for it
    start_seconds: int
    disk_bytes: int  # what the weights take, with what is made of them
    env: Dict[str, str] = field(default_factory=dict)
    shm_bytes: int = 0
    gpu: Optional[str] = None
    executor: Optional[str] = None
    meeting_port: Optional[int] = None  # where the ranks' engines find each other
    warnings: List[Dict[str, str]] = field(default_factory=list)
    why: List[Dict[str, Any]] = field(default_factory=list)
    alternatives: List[Dict[str, Any]] = field(default_factory=list)
    more: Dict[str, Any] = field(default_factory=dict)  # what only this engine has in the plan
