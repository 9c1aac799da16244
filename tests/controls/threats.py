"""The threats of the safeguarding page, in its order and its words, and which of them have nothing to take out yet."""

from __future__ import annotations

from enum import StrEnum


class Threat(StrEnum):
    """A row of the page's table, or a section that promises as much as one."""

    PROBING = "an officer probes searches with areas of her choosing"
    INVENTED_HOUSEHOLD = "an officer invents a household for its address"
    STOLEN_CREDENTIAL = "stolen password or token"
    REFUGE_STAFF = "refuge staff who know the perpetrator"
    STOLEN_DISK = "database dump, backup, stolen disk"
    LOGS = "logs, metrics, traces, error text"
    SHARED_PHONE = "a message read on a shared phone"
    MISSING_OR_HIDDEN = '"does not exist" against "not for you"'
    SIDE_CHANNELS = "ids, ETags, cursors, URLs as side channels"
    WATCHING_THE_BOARD = "watching the board for a bed that fills"
    SMALL_COUNTS = "small counts"
    EXPORTS = "exports, spreadsheets"
    THIRD_PARTIES = "third parties"
    ROGUE_ADMINISTRATOR = "rogue administrator"
    DISCLOSURE = "disclosure, step by step"
    KEEPING = "keeping and forgetting"
    NEVER_BLIND = "never blind"


NOT_THERE_YET = {
    Threat.SMALL_COUNTS: "Nothing is published yet: there is no table of counts, and so no suppression to take out.",
    Threat.EXPORTS: "There is no spreadsheet yet, and so no cell to neutralise. What a household is given of its"
    " own record is"
    " the one export there is; its rows stand below.",
}
"""What is missing of a threat's answer, told on the page so that nobody takes silence for a test."""
