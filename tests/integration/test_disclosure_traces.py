"""What an officer's account can do without the provider's release: every sequence of up to 12 steps tells no address.

Two ways to look. Systematically: along the straight way to an accepted placement, every operation of an officer after every
step. At random: sequences of up to 12 operations with ids of every kind that any answer showed. The account is at its
strongest, with a session and a second factor just shown; the provider checks and accepts whatever it is asked, and never
releases. By one account, and by two of one organisation.
"""

from __future__ import annotations

import copy
import os
import random
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.test import TestResponse

from accommodation.vocabulary import Role
from api.auth.permissions import PERMISSIONS
from api.examples import REQUESTS
from geo.grid import wgs84_point
from geo.postcode import Postcode
from tests.support.canaries import Secret, sightings
from tests.support.problems import assert_problem
from tests.support.sessions import sign_in
from tests.support.stage import READ_OF, Operation, operations_of
from tests.support.world import HOUSEHOLD, Caller, World

ASSURE = bool(os.environ.get("ASSURE"))
TRACES = {"sqlite": 2_000, "postgresql": 2_000} if ASSURE else {"sqlite": 18, "postgresql": 6}
LONGEST = 12

POSTCODE = "CB2 1TN"
KIND_OF = {
    "household": "household_id",
    "area_to_avoid": "area_id",
    "areas_to_avoid": "area_id",
    "search": "search_id",
    "hold": "hold_id",
    "referral": "referral_id",
    "placement": "placement_id",
    "address_release": "release_id",
    "area_change": "change_id",
    "blocked_person": "blocked_id",
    "api_key": "key_id",
}
STRAIGHT_ON = (
    "create_household",
    "state_no_areas_to_avoid",
    "create_search",
    "create_hold",
    "create_referral",  # which the provider accepts at once
    "get_referral",
    "disclose_address",
    "list_placements",
)


WORDS = {
    "line": "71 Quuxelmere Crescent",
    "second line": "Rear Quuxannexe",
    "town": "Quuxborough-on-Sea",
    "postcode": POSTCODE,
    "landlord": "Quuxlandlord Estates",
    "door name": "Quuxdoor Violet",
}


@dataclass
class Scene:
    """A provider whose properties are full of canaries, and, for each trace, two new officers of a new organisation."""

    world: World
    manager: Caller
    point: tuple[float, float]
    secrets: list[Secret]
    operations: dict[str, Operation]
    home: dict[str, Any] = field(default_factory=dict)
    units: list[str] = field(default_factory=list)
    officers: list[Caller] = field(default_factory=list)
    known: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def begin(self) -> None:
        """Let new officers meet a new property, the only one with free units; they know of nothing yet."""
        for unit in self.units:
            self.manager.made(f"/units/{unit}/withdrawal")
        latitude, longitude = self.point
        address = {"lines": [WORDS["line"], WORDS["second line"]], "town": WORDS["town"]}
        address |= {"latitude": latitude, "longitude": longitude}
        self.home = self.world.create_property(self.manager, POSTCODE, address=address, landlord=WORDS["landlord"])
        doors = [self.world.create_unit(self.manager, self.home, door_name=WORDS["door name"]) for _ in range(3)]
        self.units = [unit["id"] for unit in doors]
        officer = self.world.create_officer()
        colleague = self.world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)
        self.officers = [sign_in(officer), sign_in(colleague)]
        self.manager = sign_in(self.manager)
        self.known.clear()

    def step(self, name: str, who: int, chance: random.Random) -> TestResponse:
        """Let an officer do one operation with ids that she knows, then the provider what a provider does; look at both."""
        operation = self.operations[name]
        ids = {argument: self.pick(argument, chance) for argument in operation.arguments}
        headers = {}
        if operation.method in ("PATCH", "DELETE") and READ_OF.keys() & set(operation.arguments):
            read = self.operations[READ_OF[operation.arguments[0]]]
            headers["If-Match"] = self.look(read.name, who, read.at(ids), read.method).headers.get("ETag", '"none"')
        response = self.look(name, who, operation.at(ids), operation.method, self.body_of(name, chance), headers)
        self.let_the_provider_answer()
        return response

    def look(
        self, name: str, who: int, path: str, method: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> TestResponse:
        """Send a request and fail if a canary comes back, wherever in the answer; remember its ids."""
        officer = self.officers[who]
        response = officer.client.open(path, method=method, json=body, headers={**officer.headers, **(headers or {})})
        assert response.status_code < 500, (name, response.get_data(as_text=True))
        assert self.seen_in(response) == [], (name, path, response.status_code)
        self.statuses[name].add(response.status_code)
        if response.status_code == 401 or name == "end_current_session":
            self.officers[who] = sign_in(officer)
        self.learn(name, response.get_json(silent=True))
        return response

    def seen_in(self, response: TestResponse) -> list[tuple[str, str]]:
        """Return the canaries in an answer, its headers included."""
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers).encode()
        return sightings(self.secrets, headers + b"\n\n" + response.get_data())

    def learn(self, name: str, value: Any, kind: str | None = None) -> None:
        """Remember every id in an answer, by what it is of; the latest last."""
        about = name.partition("_")[2]
        if kind is None:
            kind = KIND_OF.get(about) or KIND_OF.get(about.removesuffix("s")) or ""
        if isinstance(value, list):
            for item in value:
                self.learn(name, item, kind)
        elif isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(inner, str) and (key == "id" or key.endswith("_id")):
                    sort = kind if key == "id" else key
                    if sort and inner not in self.known[sort]:
                        self.known[sort].append(inner)
                else:
                    self.learn(name, inner, kind if key == "items" else "")

    def pick(self, kind: str, chance: random.Random) -> str:
        """Return an id: as a rule the latest or another one of its kind, at times one of another kind or of nothing."""
        of_kind = self.known[kind]
        fate = chance.random()
        if of_kind and fate < 0.6:
            return of_kind[-1]
        if of_kind and fate < 0.9:
            return chance.choice(of_kind)
        everything = [identity for ids in self.known.values() for identity in ids]
        if everything and fate < 0.97:
            return chance.choice(everything)
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))

    def body_of(self, name: str, chance: random.Random) -> Any:
        """Return a good body about what is known: a household that fits and whose devices were checked."""
        if name not in REQUESTS:
            return None
        body = copy.deepcopy(REQUESTS[name])
        if name == "create_household":
            body = copy.deepcopy(HOUSEHOLD)
        elif name == "create_search":
            body = {"needed_on": self.world.today().isoformat()}
        for part in body:
            if part.endswith("_id") and part != "external_case_id":
                body[part] = self.pick(part, chance)
        return body

    def let_the_provider_answer(self) -> None:
        """Check exactly and accept whatever waits; nothing is released."""
        for referral in self.manager.get("/referrals?limit=200").get_json()["items"]:
            if referral["state"] == "made":
                self.manager.get(f"/referrals/{referral['id']}/exact-check")
                self.manager.post(f"/referrals/{referral['id']}/accept")


@pytest.fixture
def scene(world: World) -> Scene:
    """A provider beside a known postcode, its point a few metres off."""
    place = world.harbour.atlas.gazetteer.find(Postcode.parse(POSTCODE))
    metres = (place.easting + 13.371, place.northing + 7.213)
    longitude, latitude = wgs84_point(*metres)
    points = [Secret("degrees", pair=(latitude, longitude)), Secret("metres", pair=metres)]
    secrets = [Secret(name, text) for name, text in WORDS.items()] + points
    return Scene(world, world.create_manager(), (latitude, longitude), secrets, operations_of(world))


OFFICERS_OPERATIONS = sorted(name for name, roles in PERMISSIONS.items() if Role.HOUSING_OFFICER in roles)


class Latest(random.Random):
    """No chance at all: the latest id of the right kind, always."""

    def random(self) -> float:
        return 0.0


def straight_on(scene: Scene, steps: int) -> list[TestResponse]:
    """Let the first officer go the straight way so many steps."""
    return [scene.step(name, 0, Latest()) for name in STRAIGHT_ON[:steps]]


@pytest.mark.slow
@pytest.mark.parametrize("who", [0, 1], ids=["by one account", "by a colleague"])
def test_no_operation_after_any_step_of_the_straight_way_tells_the_address(scene: Scene, who: int) -> None:
    telling = ("disclose_address", "get_meeting_point")
    harmless_first = sorted(
        OFFICERS_OPERATIONS, key=lambda name: (name not in telling, scene.operations[name].method != "GET", name)
    )

    for steps in range(len(STRAIGHT_ON) + 1):
        scene.begin()
        answers = straight_on(scene, steps)
        for name in harmless_first:
            scene.step(name, who, Latest())
        if "create_referral" in STRAIGHT_ON[:steps]:
            assert scene.known["placement_id"], "nobody was accepted"
            assert scene.known["property_id"] == [scene.home["id"]]
        assert all(answer.status_code < 400 for answer in answers[:6])

    assert scene.statuses["disclose_address"] == {404}
    assert scene.statuses["get_meeting_point"] >= {200}
    assert set(scene.statuses) >= set(OFFICERS_OPERATIONS)


@pytest.mark.slow
@pytest.mark.parametrize("accounts", [1, 2])
def test_no_trace_of_twelve_steps_tells_the_address_without_a_release(scene: Scene, accounts: int) -> None:
    chance = random.Random(None if ASSURE else 2026)
    reached, traces = 0, TRACES[scene.world.database.engine]

    for trace in range(traces):
        scene.begin()
        length = chance.randint(8, LONGEST)
        ahead = (0, chance.randint(0, 7), chance.randint(5, 7))[trace % 3]  # from nothing, from anywhere, from acceptance
        straight_on(scene, ahead)
        for _ in range(length - ahead - 1):
            scene.step(chance.choice(OFFICERS_OPERATIONS), chance.randrange(accounts), chance)
        scene.step("disclose_address", chance.randrange(accounts), Latest())  # whatever was learnt, she asks in the end
        reached += bool(scene.known["placement_id"])

    assert reached >= traces / 5, "the traces never came near an address"
    assert 201 not in scene.statuses["disclose_address"]


def test_with_the_providers_release_the_named_officer_alone_sees_it_once(scene: Scene) -> None:
    scene.begin()
    named, colleague = scene.officers
    straight_on(scene, 6)
    (placement_id,) = scene.known["placement_id"]
    path, ask = f"/properties/{scene.home['id']}/address-disclosures", {"placement_id": placement_id}
    scene.world.release(scene.manager, named, placement_id)

    answers = [(caller, caller.post(path, ask)) for caller in (colleague, named, colleague, sign_in(named))]

    telling = [(caller, answer) for caller, answer in answers if scene.seen_in(answer)]
    assert [caller for caller, _ in telling] == [named]
    assert {name for name, _ in scene.seen_in(telling[0][1])} >= {"line", "second line", "town", "postcode", "door name"}
    for caller, answer in answers:
        if caller is colleague:
            assert_problem(answer, "not-found")
    for name in OFFICERS_OPERATIONS:
        if name != "disclose_address":
            for who in range(2):
                scene.step(name, who, Latest())
