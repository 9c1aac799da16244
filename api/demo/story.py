"""`make demo`: one night and the months after it, told over HTTP against a running Harbour, in plain words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests

from accommodation.calendar import local_date
from api.demo.drawing import draw_waiting_household
from api.demo.sender import Credentials, HttpSender, SignInRefused
from api.settings import Settings, SettingsInvalid

Send = Callable[[str, str, str, Any], tuple[int, Any]]
"""(role, method, path under the prefix, JSON body) -> (status, JSON answer)."""


class StoryBroken(Exception):
    """Harbour did not do what the story says it does."""


class Story:
    """Tells the story step by step; each step does what it says and checks what came of it."""

    def __init__(self, send: Send, say: Callable[[str], None], today: date) -> None:
        self._send = send
        self._say = say
        self._today = today
        self._step = 0

    def tell(self) -> None:
        """Tell it from two in the morning to the list of reminders."""
        household = self._record_household()
        self._search_without_areas(household)
        self._record_areas(household)
        search = self._search(household)
        hold = self._hold(household, search)
        self._second_officer_is_too_late(household, search)
        referral = self._refer(hold)
        self._ask_for_the_address_too_early(referral)
        accepted = self._accept(referral)
        self._disclose(accepted)
        self._arrive(accepted)
        self._extend(accepted)
        self._list_reminders(accepted)

    def _record_household(self) -> dict[str, Any]:
        self._begin("A mother sits in the housing office in Southend with her boy of 15, two younger children and a dog.")
        body = draw_waiting_household(self._today)
        household = self._must("housing_officer", "POST", "/households", body)
        self._tell(f"The officer records them: {household['reference']}. She uses a wheelchair. Everything is sealed.")
        return household

    def _search_without_areas(self, household: dict[str, Any]) -> None:
        self._begin("The officer searches at once, and is stopped.")
        path = f"/households/{household['id']}/searches"
        problem = self._refused("housing_officer", "POST", path, {"needed_on": self._today.isoformat()}, 409)
        self._tell(f"Harbour: {problem['detail']}")

    def _record_areas(self, household: dict[str, Any]) -> None:
        self._begin("She says where he must not find them.")
        areas = [
            ("all of Southend, where he lives", "his_home", {"type": "local_authority", "code": "E06000033"}),
            (
                "eight kilometres round his brother's in Basildon",
                "his_family",
                {"type": "circle", "centre": {"postcode": "SS14 1DL"}, "radius_metres": 8000},
            ),
            (
                "the road that he drives to work",
                "his_route",
                {
                    "type": "corridor",
                    "line": {"type": "LineString", "coordinates": [[0.71, 51.54], [0.46, 51.58], [0.30, 51.60]]},
                    "half_width_metres": 2000,
                },
            ),
        ]
        for words, reason, geometry in areas:
            body = {"geometry": geometry, "reason": reason, "source": "survivor"}
            self._must("housing_officer", "POST", f"/households/{household['id']}/areas-to-avoid", body)
            self._tell(f"Recorded: {words}.")

    def _search(self, household: dict[str, Any]) -> dict[str, Any]:
        self._begin("Now the search: which free units are certainly far from him and fit them?")
        body = {"needed_on": self._today.isoformat(), "preferences": {"anchor_postcode": "SG1 1XR"}}
        search = self._must("housing_officer", "POST", f"/households/{household['id']}/searches", body)
        self._tell(f"{search['considered']} units considered; {_counted(search['excluded'])}.")
        for label in ("matches", "confirm", "review"):
            for found in search[label]:
                self._tell(f"  {label}: {_in_words(found)}")
        if search["alternatives"]:
            self._tell(f"  Also possible: {', '.join(search['alternatives'])}.")
        if not _offers(search):
            raise StoryBroken("Earlier tellings have filled the demo. Stop Harbour, empty instance/, and start again.")
        return search

    def _hold(self, household: dict[str, Any], search: dict[str, Any]) -> dict[str, Any]:
        self._begin("The officer holds the first one while she phones.")
        body = self._hold_body(household, search)
        hold = self._must("housing_officer", "POST", "/holds", body)
        self._tell(f"Held for {hold['term_minutes']} minutes. Nobody else can have it.")
        return hold

    def _second_officer_is_too_late(self, household: dict[str, Any], search: dict[str, Any]) -> None:
        self._begin("Somebody else asks for the same unit.")
        problem = self._refused("housing_officer", "POST", "/holds", self._hold_body(household, search), 409)
        self._tell(f"Harbour: {problem['detail']} ({len(problem['next_best'])} offered)")

    def _refer(self, hold: dict[str, Any]) -> dict[str, Any]:
        self._begin("She refers them to the refuge manager, who sees needs and no names.")
        referral = self._must("housing_officer", "POST", "/referrals", {"hold_id": hold["id"]})
        seen = self._must("refuge_manager", "GET", f"/referrals/{referral['id']}")
        ages = ", ".join(str(member["age"]) for member in seen["case"]["members"])
        self._tell(f"The manager sees a household of {len(seen['case']['members'])}, aged {ages}; no name, no number.")
        return seen

    def _ask_for_the_address_too_early(self, referral: dict[str, Any]) -> None:
        self._begin("The officer tries to learn the address before anybody has accepted.")
        path = f"/properties/{referral['property_id']}/address-disclosures"
        problem = self._refused("housing_officer", "POST", path, {"reason": "To book a taxi"}, 404)
        self._tell(f"Harbour: {problem['detail']}")

    def _accept(self, referral: dict[str, Any]) -> dict[str, Any]:
        self._begin("The manager looks at the exact check, which only she sees, and accepts.")
        check = self._must("refuge_manager", "GET", f"/referrals/{referral['id']}/exact-check")
        self._tell(f"Inside an area to avoid: {'yes' if check['inside_any'] else 'no'} ({len(check['areas'])} checked).")
        accepted = self._must("refuge_manager", "POST", f"/referrals/{referral['id']}/accept")
        self._tell(f"Accepted. Only now does she see a name: {accepted['case']['members'][0]['name']}.")
        return accepted

    def _disclose(self, accepted: dict[str, Any]) -> None:
        self._begin("The manager releases the address to that one officer. A key is not enough: both show a second factor.")
        release = {"officer_id": accepted["referred_by"]["worker_id"], "reason": "She drives them here tonight"}
        path = f"/placements/{accepted['placement_id']}/address-releases"
        released = self._must("refuge_manager", "POST", path, release)
        self._tell(f"Released to {accepted['referred_by']['name']}, to be opened once by {released['expires_at'][:16]}.")
        self._begin("The officer opens it, once the phone, the car and the tablet have been checked for trackers.")
        path = f"/properties/{accepted['property_id']}/address-disclosures"
        ask = {"placement_id": accepted["placement_id"], "reason": "Transport tonight"}
        problem = self._refused("housing_officer", "POST", path, ask, 409)
        self._tell(f"Harbour: {problem['detail']}")
        household = f"/households/{accepted['household_id']}"
        devices = {"phone": "checked", "car": "checked", "child_devices": "checked"}
        self._must("housing_officer", "PATCH", household, {"tracking_devices": devices})
        told = self._must("housing_officer", "POST", path, ask)
        self._tell(f"Checked, and told: {told['address']['lines'][0]}, {told['address']['postcode']}, for fifteen minutes.")
        seen = self._must("refuge_manager", "GET", f"/properties/{accepted['property_id']}/disclosures?limit=200")
        self._tell(f"The manager sees who was told, and when: {seen['items'][-1]['reader']['name']}.")

    def _arrive(self, accepted: dict[str, Any]) -> None:
        self._begin("They arrive. The licence starts.")
        path = f"/placements/{accepted['placement_id']}/arrival"
        placement = self._must("resettlement_worker", "POST", path, {"arrived_on": self._today.isoformat()})
        self._tell(
            f"{placement['reference']}: a {placement['occupancy_basis'].replace('_', ' ')} until "
            f"{placement['licence_ends_on']}, {placement['notice_min_days']} days' notice at least."
        )

    def _extend(self, accepted: dict[str, Any]) -> None:
        self._begin("There is no home to move on to yet, as is usual. The licence is extended by four weeks.")
        path = f"/placements/{accepted['placement_id']}"
        ends_on = date.fromisoformat(self._must("resettlement_worker", "GET", path)["licence_ends_on"])
        body = {"ends_on": (ends_on + timedelta(days=28)).isoformat(), "reason": "no_move_on_home"}
        placement = self._must("resettlement_worker", "POST", f"{path}/extensions", body)
        self._tell(f"It now ends on {placement['licence_ends_on']}; every reminder has moved with it.")

    def _list_reminders(self, accepted: dict[str, Any]) -> None:
        self._begin("And nobody will forget. The resettlement worker's reminders for this family:")
        items, cursor = [], ""
        while True:
            page = self._must("resettlement_worker", "GET", f"/reminders?mine=1&limit=200{cursor}")
            items += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        mine = [item for item in items if item["placement_id"] == accepted["placement_id"]]
        if not mine:
            raise StoryBroken("No reminder was planned.")
        for item in mine:
            legal = "  (set by law)" if item["legal"] else ""
            self._tell(f"  {item['due_on']}  {item['kind'].replace('_', ' ')}{legal}")
        others = [item for item in items if item["when"] in ("due", "overdue") and item not in mine]
        self._tell(f"Due or overdue for other families this morning: {len(others)}.")

    def _hold_body(self, household: dict[str, Any], search: dict[str, Any]) -> dict[str, Any]:
        return {"household_id": household["id"], "unit_id": _offers(search)[0]["unit_id"], "search_id": search["id"]}

    def _begin(self, words: str) -> None:
        self._step += 1
        self._say(f"\n{self._step:>2}. {words}")

    def _tell(self, words: str) -> None:
        self._say(f"    {words}")

    def _must(self, role: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        status, answer = self._send(role, method, path, body)
        if status not in (200, 201):
            raise StoryBroken(f"{method} {path.split('/')[1]} answered {status}: {answer.get('detail')}")
        made: dict[str, Any] = answer
        return made

    def _refused(self, role: str, method: str, path: str, body: Any, expected: int) -> Any:
        status, answer = self._send(role, method, path, body)
        if status != expected:
            raise StoryBroken(f"{method} {path.split('/')[1]} answered {status} where {expected} was due.")
        return answer


def _offers(search: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an officer would hold: suitable units first, then those to confirm by telephone."""
    return [*search["matches"], *search["confirm"]]


def _counted(excluded: list[dict[str, Any]]) -> str:
    return "excluded: " + ", ".join(f"{item['units']} {item['reason'].replace('_', ' ')}" for item in excluded)


def _in_words(found: dict[str, Any]) -> str:
    place = found["area"]["name"] if found["area"] else "place unknown"
    words = [f"{found['accommodation_type'].replace('_', ' ')} for {found['bed_spaces']} in {place}"]
    words.append(f"{found['provider']['name']} {found['provider']['referral_phone']}")
    words.append(f"{found['freshness']}, {(found['distance_band'] or 'distance unknown').replace('_', ' ')}")
    if found.get("unknown"):
        words.append("ask about " + ", ".join(found["unknown"]))
    if found.get("asks"):
        words.append("its provider decides on " + ", ".join(found["asks"]))
    return "; ".join(words)


def main() -> int:
    """Tell the story against the Harbour that PORT and INSTANCE_PATH name; returns the exit code."""
    try:
        settings = Settings.from_environment()
    except SettingsInvalid as error:
        print(error, file=sys.stderr)
        return 2
    if not settings.demo_key_file.exists():
        print("There are no demo keys here. Start Harbour first, in another terminal: make run", file=sys.stderr)
        return 2
    credentials: Credentials = json.loads(settings.demo_key_file.read_text())
    sender = HttpSender(f"http://{settings.host}:{settings.port}", credentials, print)
    try:
        Story(sender, print, local_date(datetime.now(UTC))).tell()
    except (StoryBroken, SignInRefused) as error:
        print(f"\nThe story stops here. {error}", file=sys.stderr)
        return 1
    except requests.ConnectionError:
        print(f"Nobody answers on port {settings.port}. Start Harbour first, in another terminal: make run", file=sys.stderr)
        return 2
    finally:
        sender.close()
    print("\nThat is Harbour: a bed given once, an address told to those who must know, an end that nobody misses.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
