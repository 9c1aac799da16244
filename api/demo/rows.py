"""A demo's rows, made table by table and written in batches: the same for the partnership and for a national demo."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from accommodation.base import Base, Cipher
from accommodation.calendar import Nation, local_date, nation_of, start_of_day
from accommodation.models import Organisation, Property, Provider, Stay, Unit, Worker
from accommodation.people_models import SharingAgreement, WorkerRole
from accommodation.sealing import seal_json
from accommodation.supply import touch_agreements, touch_units
from accommodation.vault import VaultAddress, VaultDoor
from accommodation.vocabulary import AgreementPurpose, OccupancyBasis, OrganisationKind, ProviderKind, Role, StayKind
from api.demo.drawing import draw_address, draw_areas, draw_household, draw_id, draw_property, draw_stay, pick
from geo.atlas import Atlas
from geo.gazetteer import Place
from geo.postcode import Postcode
from placement.households import make_reference
from placement.licence import DEFAULT_POLICY
from placement.milestones import DEFAULT_MILESTONES, schedule
from placement.models import AreaToAvoid, Hold, Household, PerpetratorLink, Placement, Referral, Reminder
from placement.perpetrators import published_indexes
from placement.vocabulary import PlacementState, ReferralState, ReminderOutcome, ReminderState, Verdict

BATCH = 2_000
OPEN_REMINDER_DAYS = 6
"""Reminders due longer ago than this were dealt with. Longer than any run of days without work, so that some are open."""


class DemoRows:
    """Collects rows and writes them. Nothing is searched or held: histories are written as if they had happened."""

    def __init__(
        self,
        rng: np.random.Generator,
        atlas: Atlas,
        cipher: Cipher,
        now: datetime,
        made_unit: Callable[[], object] = lambda: None,
    ) -> None:
        self.rng = rng
        self.now = now
        self.today = local_date(now)
        self._atlas = atlas
        self._cipher = cipher
        self._rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)
        self._made_unit = made_unit
        self.unit_ids: list[uuid.UUID] = []
        self._agreement_ids: list[uuid.UUID] = []

    def add_organisation(self, name: str, kind: OrganisationKind) -> uuid.UUID:
        """Add a partner."""
        return self._add(
            Organisation, name=name, kind=kind, runs_installation=kind is OrganisationKind.BOARD, created_at=self.now
        )

    def add_worker(self, organisation_id: uuid.UUID, name: str) -> uuid.UUID:
        """Add somebody who works there."""
        return self._add(Worker, {"name_sealed": name}, organisation_id=organisation_id, created_at=self.now, left_at=None)

    def add_role(self, worker_id: uuid.UUID, role: Role) -> None:
        """Grant a worker a role."""
        self._add(WorkerRole, worker_id=worker_id, role=role, granted_at=self.now, granted_by=None, ended_at=None)

    def add_agreement(self, one: tuple[uuid.UUID, uuid.UUID], other: tuple[uuid.UUID, uuid.UUID]) -> None:
        """Let two organisations share for placing, signed by a worker of each: (organisation, worker)."""
        agreement_id = self._add(
            SharingAgreement,
            proposer_id=one[0],
            partner_id=other[0],
            purpose=AgreementPurpose.PLACEMENT,
            shares_vacancies=True,
            shares_referrals=True,
            starts_on=self.today - timedelta(days=365),
            ends_on=self.today + timedelta(days=730),
            proposed_at=self.now,
            proposed_by=one[1],
            accepted_at=self.now,
            accepted_by=other[1],
            supply_version=0,
            version=1,
        )
        self._agreement_ids.append(agreement_id)

    def add_provider(self, organisation_id: uuid.UUID, name: str, phone: str) -> uuid.UUID:
        """Add an organisation's accommodation service."""
        return self._add(
            Provider,
            organisation_id=organisation_id,
            name=name,
            kind=pick(self.rng, {ProviderKind.REGISTERED_CHARITY: 0.7, ProviderKind.PRIVATE_REGISTERED_PROVIDER: 0.3}),
            referral_phone=phone,
            hold_minutes=90,
            no_recourse_quota=2,
            gender_policy="Trans women are welcome; we take people in the gender they live in.",
            version=1,
        )

    def add_property(self, provider_id: uuid.UUID, found: tuple[Postcode, Place], *, is_staffed: bool) -> dict[str, Any]:
        """Add a building at a real postcode's point; returns its row. The address is invented and sealed."""
        postcode, place = found
        partition = self._atlas.partition
        cell = partition.assign(postcode, self._atlas.gazetteer, float(place.easting), float(place.northing))
        row = {
            "id": draw_id(self.rng),
            "provider_id": provider_id,
            "reference": self._reference("B"),
            "cell": partition.codes[cell],
            "cell_version": partition.version,
            "special_risk": False,
            "nation": nation_of(place.authority_code),
            "version": 1,
            **draw_property(self.rng, is_staffed=is_staffed),
        }
        self._rows[Property].append(row)
        point = {
            "easting": float(place.easting),
            "northing": float(place.northing),
            "outward": postcode.outward,
            "authority_code": place.authority_code,
        }
        sealed = {
            "address_sealed": draw_address(self.rng, postcode.text),
            "point_sealed": point,
            "meeting_point_sealed": "The help desk of the nearest large railway station",
        }
        self._add(VaultAddress, sealed, id=row["id"], landlord_sealed=None)
        return row

    def add_unit(self, home: dict[str, Any], facts: dict[str, Any], door_name: str) -> dict[str, Any]:
        """Add a unit to a property row; returns its row."""
        self._made_unit()
        hours = self.rng.exponential(4)
        row = {
            "id": draw_id(self.rng),
            "property_id": home["id"],
            "reference": self._reference("U"),
            "notice_min_days": DEFAULT_POLICY.notice_min_days(OccupancyBasis(facts["occupancy_basis"])),
            "confirmed_at": None if hours > 14 else self.now - timedelta(hours=float(hours)),
            "withdrawn_at": None,
            "supply_version": 0,
            "version": 1,
            **facts,
        }
        self._rows[Unit].append(row)
        self._add(VaultDoor, {"door_name_sealed": door_name}, id=row["id"])
        self.unit_ids.append(row["id"])
        return row

    def add_resident(
        self,
        home: dict[str, Any],
        unit: dict[str, Any],
        council: tuple[uuid.UUID, uuid.UUID],
        manager: uuid.UUID,
        worker: uuid.UUID | None,
        near: Sequence[str],
        anywhere: Sequence[str],
    ) -> None:
        """Let a unit to an invented household, with its whole history and the reminders of its licence."""
        council_id, officer_id = council
        starts_on, ends_on = draw_stay(self.rng, self.today, unit["licence_days"])
        accepted_at = start_of_day(starts_on) + timedelta(hours=10)
        details = draw_household(self.rng, self.today, unit["bed_spaces"])
        areas = draw_areas(self.rng, near, anywhere)
        household_id = self.add_household(council, details, accepted_at, areas)
        stay_id = self._add(
            Stay,
            unit_id=unit["id"],
            kind=StayKind.PLACEMENT,
            starts_at=accepted_at,
            ends_at=None,
            live=True,
            no_recourse=details["needs"]["no_recourse"],
        )
        hold_id = self._add(
            Hold,
            household_id=household_id,
            organisation_id=council_id,
            unit_id=unit["id"],
            stay_id=stay_id,
            search_id=None,
            verdict=Verdict.SUITABLE,
            held_by=officer_id,
            held_at=accepted_at,
            expires_at=accepted_at + timedelta(minutes=90),
            term_minutes=90,
            released_at=None,
            release_reason=None,
            converted_at=accepted_at,
            version=1,
        )
        referral_id = self._add(
            Referral,
            hold_id=hold_id,
            household_id=household_id,
            organisation_id=council_id,
            unit_id=unit["id"],
            provider_id=home["provider_id"],
            state=ReferralState.ACCEPTED,
            made_at=accepted_at,
            made_by=officer_id,
            answered_at=accepted_at,
            answered_by=manager,
            declined_by=None,
            reason=None,
            notes_sealed=None,
            version=1,
        )
        placement_id = self._add(
            Placement,
            reference=self._reference("P"),
            referral_id=referral_id,
            household_id=household_id,
            organisation_id=council_id,
            unit_id=unit["id"],
            provider_id=home["provider_id"],
            stay_id=stay_id,
            state=PlacementState.LIVING,
            nation=home["nation"],
            occupancy_basis=unit["occupancy_basis"],
            notice_min_days=unit["notice_min_days"],
            licence_days=unit["licence_days"],
            policy_version=DEFAULT_MILESTONES.version,
            accepted_at=accepted_at,
            licence_starts_on=starts_on,
            licence_ends_on=ends_on,
            departed_on=None,
            destination=None,
            non_arrival_reason=None,
            resettlement_worker_id=worker,
            version=1,
        )
        self._add_reminders(placement_id, starts_on, ends_on, unit["notice_min_days"], Nation(home["nation"]), manager)

    def add_household(
        self,
        council: tuple[uuid.UUID, uuid.UUID],
        details: dict[str, Any],
        at: datetime,
        areas: Sequence[dict[str, Any]],
    ) -> uuid.UUID:
        """Add a household that an officer of a council recorded at an instant, with its areas to avoid."""
        council_id, officer_id = council
        household_id = self._add(
            Household,
            {"details_sealed": details},
            organisation_id=council_id,
            reference=self._reference("H"),
            no_areas_statement_sealed=None,
            created_at=at,
            version=1,
        )
        for facts in areas:
            self._add(
                AreaToAvoid,
                {"facts_sealed": facts},
                household_id=household_id,
                valid_from=None,
                valid_to=None,
                reviewed_on=None,
                recorded_at=at,
                recorded_by=officer_id,
                retired_at=None,
                retired_reason_sealed=None,
                version=1,
            )
        for index in sorted(published_indexes(self._cipher, details)):
            self._add(PerpetratorLink, household_id=household_id, blind_index=index)
        return household_id

    def write(self, session: Session) -> Iterator[int]:
        """Write everything, parents first, in batches; yields how many rows each batch had. Bumps the supply version."""
        for table in Base.metadata.sorted_tables:
            for model, rows in self._rows.items():
                if model.__tablename__ != table.name:
                    continue
                for start in range(0, len(rows), BATCH):
                    batch = rows[start : start + BATCH]
                    session.execute(insert(model), batch)
                    yield len(batch)
        for start in range(0, len(self.unit_ids), BATCH):
            touch_units(session, self.unit_ids[start : start + BATCH])
        for start in range(0, len(self._agreement_ids), BATCH):
            touch_agreements(session, self._agreement_ids[start : start + BATCH])

    def count(self) -> int:
        """Return how many rows will be written."""
        return sum(len(rows) for rows in self._rows.values())

    def _add_reminders(
        self,
        placement_id: uuid.UUID,
        starts_on: date,
        ends_on: date,
        notice_min_days: int,
        nation: Nation,
        manager: uuid.UUID,
    ) -> None:
        for milestone in schedule(starts_on, ends_on, notice_min_days, nation, DEFAULT_MILESTONES, today=self.today):
            is_done = milestone.due_at < self.now - timedelta(days=OPEN_REMINDER_DAYS)
            self._add(
                Reminder,
                placement_id=placement_id,
                kind=milestone.kind,
                due_on=milestone.due_on,
                due_at=milestone.due_at,
                severity=milestone.severity,
                audience=milestone.audience,
                legal=milestone.legal,
                policy_version=DEFAULT_MILESTONES.version,
                state=ReminderState.SENT if is_done else ReminderState.PENDING,
                sent_at=milestone.due_at if is_done else None,
                acknowledged_at=milestone.due_at if is_done else None,
                acknowledged_by=manager if is_done else None,
                outcome=ReminderOutcome.DONE if is_done else None,
                version=1,
            )

    def _reference(self, prefix: str) -> str:
        """Draw a reference from the seed, so that the same seed makes the same demo."""
        return make_reference(prefix, lambda letters: letters[int(self.rng.integers(len(letters)))])

    def _add(self, model: type[Any], sealed: dict[str, Any] | None = None, **values: Any) -> uuid.UUID:
        identity: uuid.UUID = values.setdefault("id", draw_id(self.rng))
        if sealed:
            place = _Place(model.__tablename__, identity)
            for column, value in sealed.items():
                seal_json(self._cipher, place, column, value)
                values[column] = getattr(place, column)
        self._rows[model].append(values)
        return identity


class _Place:
    """A row that is not an object yet, for sealing."""

    def __init__(self, table: str, identity: uuid.UUID) -> None:
        self.__tablename__ = table
        self.id = identity
