"""Who may do what: one table of operation, role, relation and state. What is missing here is refused and a test is red.

A row of `TABLE` says: somebody in one of these roles may call this operation about a row that stands to her in this
relation, while it is in one of these states. An operation's id is the view's name. `FIELDS` says what each side of a
case is shown, and when. Both are asked in `api.auth.access`; docs/authorisation.md is written from them.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from accommodation.vocabulary import KeyState, Relation, Role, UnitOffer, VoidState
from placement.vocabulary import HoldState, PlacementState, ReferralState, ReminderStanding

OFFICER, MANAGER, RESETTLEMENT = Role.HOUSING_OFFICER, Role.REFUGE_MANAGER, Role.RESETTLEMENT_WORKER
COMMISSIONER, ADMINISTRATOR, AUDITOR = Role.COMMISSIONER, Role.ADMINISTRATOR, Role.AUDITOR
LEAD = Role.SAFEGUARDING_LEAD
EVERYBODY = frozenset(Role)

OWN, ASKING, ASKED = Relation.OWN_ORGANISATION, Relation.ASKING, Relation.ASKED
HERSELF, INSTALLATION, NOTHING = Relation.HERSELF, Relation.INSTALLATION, Relation.NOTHING

ANY: tuple[StrEnum, ...] = ()
"""Whatever state the row is in, or a row without states."""

WHO_MEETS_HER = (PlacementState.PLANNED, PlacementState.LIVING)


@dataclass(frozen=True)
class Rule:
    """One row of the table. `states` are of the row that the operation is about; ANY = whatever they are."""

    operation: str
    roles: Set[Role]
    relation: Relation
    states: tuple[StrEnum, ...] = ANY


@dataclass(frozen=True)
class Sight:
    """Fields of one kind of row that a side of a case is shown, and in which of its states; ANY = in all."""

    kind: str
    fields: tuple[str, ...]
    relation: Relation
    states: tuple[StrEnum, ...] = ANY


OPEN_OPERATIONS = frozenset({"get_health", "get_ready", "get_openapi"})
"""Answered without a key: they hold no data."""

# fmt: off
TABLE: tuple[Rule, ...] = (
    #    operation                     role                              relation      states
    Rule("get_me",                     EVERYBODY,                        HERSELF),

    # supply
    Rule("list_providers",             {MANAGER},                        OWN),
    Rule("list_providers",             {ADMINISTRATOR},                  INSTALLATION),
    Rule("create_provider",            {ADMINISTRATOR},                  INSTALLATION),
    Rule("get_provider",               {MANAGER},                        OWN),
    Rule("get_provider",               {ADMINISTRATOR},                  INSTALLATION),
    Rule("update_provider",            {MANAGER},                        OWN),
    Rule("update_provider",            {ADMINISTRATOR},                  INSTALLATION),
    Rule("confirm_provider_vacancies", {MANAGER},                        OWN),
    Rule("list_properties",            {MANAGER},                        OWN),
    Rule("list_properties",            {ADMINISTRATOR},                  INSTALLATION),
    Rule("create_property",            {MANAGER},                        OWN),
    Rule("get_property",               {MANAGER},                        OWN),
    Rule("get_property",               {ADMINISTRATOR},                  INSTALLATION),
    Rule("update_property",            {MANAGER},                        OWN),
    Rule("disclose_address",           {MANAGER, RESETTLEMENT},          OWN),
    Rule("disclose_address",           {OFFICER},                        ASKING,       WHO_MEETS_HER),
    Rule("list_units",                 {MANAGER},                        OWN),
    Rule("list_units",                 {ADMINISTRATOR},                  INSTALLATION),
    Rule("create_unit",                {MANAGER},                        OWN),
    Rule("get_unit",                   {MANAGER},                        OWN),
    Rule("get_unit",                   {ADMINISTRATOR},                  INSTALLATION),
    Rule("update_unit",                {MANAGER},                        OWN),
    Rule("withdraw_unit",              {MANAGER},                        OWN,          (UnitOffer.OFFERED,)),
    Rule("create_void",                {MANAGER},                        OWN),
    Rule("get_void",                   {MANAGER},                        OWN),
    Rule("get_void",                   {ADMINISTRATOR},                  INSTALLATION),
    Rule("update_void",                {MANAGER},                        OWN,          (VoidState.OPEN,)),
    Rule("cancel_void",                {MANAGER},                        OWN,          (VoidState.OPEN,)),
    Rule("confirm_unit_vacancy",       {MANAGER},                        OWN),
    Rule("list_vacancies",             {MANAGER},                        OWN),
    Rule("list_vacancies",             {ADMINISTRATOR},                  INSTALLATION),

    # demand
    Rule("list_households",            {OFFICER},                        OWN),
    Rule("create_household",           {OFFICER},                        NOTHING),
    Rule("get_household",              {OFFICER},                        OWN),
    Rule("update_household",           {OFFICER},                        OWN),
    Rule("list_areas_to_avoid",        {OFFICER},                        OWN),
    Rule("create_area_to_avoid",       {OFFICER},                        OWN),
    Rule("state_no_areas_to_avoid",    {OFFICER},                        OWN),
    Rule("get_area_to_avoid",          {OFFICER},                        OWN),
    Rule("update_area_to_avoid",       {OFFICER},                        OWN),
    Rule("retire_area_to_avoid",       {OFFICER},                        OWN),
    Rule("create_search",              {OFFICER},                        OWN),
    Rule("get_search",                 {OFFICER},                        OWN),
    Rule("list_holds",                 {OFFICER},                        ASKING),
    Rule("list_holds",                 {MANAGER},                        ASKED),
    Rule("create_hold",                {OFFICER},                        OWN),
    Rule("get_hold",                   {OFFICER},                        ASKING),
    Rule("get_hold",                   {MANAGER},                        ASKED),
    Rule("release_hold",               {OFFICER},                        ASKING,       (HoldState.LIVE,)),
    Rule("list_referrals",             {OFFICER},                        ASKING),
    Rule("list_referrals",             {MANAGER},                        ASKED),
    Rule("create_referral",            {OFFICER},                        ASKING,       (HoldState.LIVE,)),
    Rule("get_referral",               {OFFICER},                        ASKING),
    Rule("get_referral",               {MANAGER},                        ASKED),
    Rule("get_exact_check",            {MANAGER},                        ASKED,        (ReferralState.MADE,)),
    Rule("accept_referral",            {MANAGER},                        ASKED,        (ReferralState.MADE,)),
    Rule("decline_referral",           {MANAGER},                        ASKED,        (ReferralState.MADE,)),
    Rule("withdraw_referral",          {OFFICER},                        ASKING,       (ReferralState.MADE,)),

    # the stay
    Rule("list_placements",            {OFFICER},                        ASKING),
    Rule("list_placements",            {MANAGER, RESETTLEMENT},          ASKED),
    Rule("get_placement",              {OFFICER},                        ASKING),
    Rule("get_placement",              {MANAGER, RESETTLEMENT},          ASKED),
    Rule("get_placement_timeline",     {OFFICER},                        ASKING),
    Rule("get_placement_timeline",     {MANAGER, RESETTLEMENT},          ASKED),
    Rule("confirm_arrival",            {MANAGER, RESETTLEMENT},          ASKED,        (PlacementState.PLANNED,)),
    Rule("record_non_arrival",         {MANAGER, RESETTLEMENT},          ASKED,        (PlacementState.PLANNED,)),
    Rule("extend_licence",             {MANAGER, RESETTLEMENT},          ASKED,        (PlacementState.LIVING,)),
    Rule("record_departure",           {MANAGER, RESETTLEMENT},          ASKED,        (PlacementState.LIVING,)),
    Rule("list_reminders",             {MANAGER, RESETTLEMENT},          ASKED),
    Rule("acknowledge_reminder",       {MANAGER, RESETTLEMENT},          ASKED,        (ReminderStanding.PENDING,
                                                                                        ReminderStanding.SENT)),

    # administration
    Rule("list_organisations",         {ADMINISTRATOR},                  INSTALLATION),
    Rule("create_organisation",        {ADMINISTRATOR},                  INSTALLATION),
    Rule("list_workers",               {ADMINISTRATOR},                  INSTALLATION),
    Rule("create_worker",              {ADMINISTRATOR},                  INSTALLATION),
    Rule("list_api_keys",              {ADMINISTRATOR},                  INSTALLATION),
    Rule("create_api_key",             {ADMINISTRATOR},                  INSTALLATION),
    Rule("get_api_key",                {ADMINISTRATOR},                  INSTALLATION),
    Rule("revoke_api_key",             {ADMINISTRATOR},                  INSTALLATION, (KeyState.VALID, KeyState.EXPIRED)),
    Rule("list_audit_events",          {AUDITOR},                        OWN),
)

ENTRY = ("id", "hold_id", "household_id", "unit_id", "state", "verdict", "made_at", "answered_at", "declined_by", "reason")

FIELDS: tuple[Sight, ...] = (
    #     kind        fields                                     relation  states
    Sight("referral", (*ENTRY, "placement_id"),                  ASKING),
    Sight("referral", ("property_id", "meeting_point"),          ASKING,   (ReferralState.ACCEPTED,)),
    Sight("referral", (*ENTRY, "placement_id", "property_id"),   ASKED),
    Sight("referral", ("case", "case.members.role", "case.members.gender", "case.members.age", "case.needs",
                       "case.risk_score"),                       ASKED),
    Sight("referral", ("meeting_point",),                        ASKED,    (ReferralState.ACCEPTED,)),
    Sight("referral", ("case.members.name", "case.safe_contact"), ASKED,   (ReferralState.ACCEPTED,)),
)
# fmt: on

PERMISSIONS: dict[str, frozenset[Role]] = {
    rule.operation: frozenset(role for other in TABLE if other.operation == rule.operation for role in other.roles)
    for rule in TABLE
}
"""The roles of each operation, whatever the row."""
