"""Every row, by the threat that it is about. A row's text must stand in its file exactly once: tests/architecture looks."""

from __future__ import annotations

from tests.controls.control import Control
from tests.controls.table.answers import ANSWERS
from tests.controls.table.asking import ASKING
from tests.controls.table.disclosing import DISCLOSING
from tests.controls.table.entering import ENTERING
from tests.controls.table.forgetting import FORGETTING
from tests.controls.table.people import PEOPLE
from tests.controls.table.releasing import RELEASING
from tests.controls.table.sealing import SEALING
from tests.controls.table.searching import SEARCHING
from tests.controls.table.trail import TRAIL

CONTROLS: tuple[Control, ...] = (
    *SEARCHING,
    *ASKING,
    *RELEASING,
    *ENTERING,
    *PEOPLE,
    *SEALING,
    *ANSWERS,
    *TRAIL,
    *DISCLOSING,
    *FORGETTING,
)
