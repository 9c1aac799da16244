"""Lists: every row once, in one order, however small the pages; and never a row more than was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from api.resources.common import MAX_LIMIT
from tests.support.stage import Stage

LISTS = (
    "list_alert_coverage",
    "list_alerts",
    "list_address_releases",
    "list_api_keys",
    "list_audit_events",
    "list_budget_raises",
    "list_blocked_persons",
    "list_conflict_declarations",
    "list_holds",
    "list_household_readings",
    "list_households",
    "list_invitations",
    "list_organisations",
    "list_placements",
    "list_properties",
    "list_property_disclosures",
    "list_providers",
    "list_referrals",
    "list_reminders",
    "list_sharing_agreements",
    "list_units",
    "list_vacancies",
    "list_workers",
)


def test_every_list_is_walked_here(stage: Stage) -> None:
    paged = {
        described["operationId"]
        for path in stage.document["paths"].values()
        for described in path.values()
        if isinstance(described, dict) and any(part.get("name") == "cursor" for part in described.get("parameters", []))
    }

    assert paged == set(LISTS)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("limit", [1, 7])
def test_walking_a_list_shows_every_row_once_in_the_same_order(stage: Stage, name: str, limit: int) -> None:
    query = "&mine=0&when=all" if name == "list_reminders" else ""

    walked = _walk(stage, name, f"limit={limit}{query}")

    assert walked == _walk(stage, name, f"limit={MAX_LIMIT}{query}")
    identities = [row.get("id") or row.get("unit_id") or row["organisation_id"] for row in walked]
    assert len(set(identities)) == len(identities)


def test_a_full_last_page_has_no_next(stage: Stage) -> None:
    households = len(_page(stage, "list_households", "")["items"])

    assert _page(stage, "list_households", f"limit={households}")["next_cursor"] is None
    assert _page(stage, "list_households", f"limit={households - 1}")["next_cursor"] is not None


def test_a_row_that_goes_during_a_walk_takes_no_other_with_it(fresh_stage: Stage) -> None:
    stage = fresh_stage
    first = _page(stage, "list_reminders", "limit=1&mine=0&when=upcoming")
    rest = _page(stage, "list_reminders", f"limit={MAX_LIMIT}&mine=0&when=upcoming")["items"][1:]

    stage.own.ids["reminder_id"] = first["items"][0]["id"]
    assert stage.send("acknowledge_reminder", {"outcome": "done"}).status_code == 200

    second = _page(stage, "list_reminders", f"limit={MAX_LIMIT}&mine=0&when=upcoming&cursor={first['next_cursor']}")
    assert second["items"] == rest


def _walk(stage: Stage, name: str, query: str) -> list[dict[str, Any]]:
    """Return all rows of a list, page by page."""
    walked: list[dict[str, Any]] = []
    cursor: str | None = ""
    seen = set()
    while cursor is not None:
        assert cursor not in seen, "the walk goes in a circle"
        seen.add(cursor)
        shown = _page(stage, name, query + (cursor and f"&cursor={cursor}"))
        assert 0 < len(shown["items"]) <= MAX_LIMIT
        walked += shown["items"]
        cursor = shown["next_cursor"]
    return walked


def _page(stage: Stage, name: str, query: str) -> dict[str, Any]:
    response = stage.send(name, query=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    body: dict[str, Any] = response.get_json()
    return body
