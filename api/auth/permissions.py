"""Who may do what: one table of operation, role, relation and state. What is missing here is refused and a test is red.

A row of `TABLE` says: somebody in one of these roles may call this operation about a row that stands to her in this
relation, while it is in one of these states. An operation's id is the view's name. `FIELDS` says what each side of a
case is shown, and when. Both are asked in `api.auth.access`; docs/authorisation.md is written from them.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from accommodation.vocabulary import (
    AgreementState,
    AlertState,
    InvitationState,
    KeyState,
    LeaveState,
    Relation,
    Role,
    UnitOffer,
    VoidState,
    WorkerState,
)
from placement.vocabulary import (
    AreaChangeState,
    BlockState,
    HoldState,
    LegalHoldState,
    PlacementState,
    ReferralState,
    ReminderStanding,
)

OFFICER, MANAGER, RESETTLEMENT = Role.HOUSING_OFFICER, Role.REFUGE_MANAGER, Role.RESETTLEMENT_WORKER
COMMISSIONER, ADMINISTRATOR, AUDITOR = Role.COMMISSIONER, Role.ADMINISTRATOR, Role.AUDITOR
LEAD = Role.SAFEGUARDING_LEAD
EVERYBODY = frozenset(Role)

OWN, ASKING, ASKED = Relation.OWN_ORGANISATION, Relation.ASKING, Relation.ASKED
HERSELF, INSTALLATION, NOTHING = Relation.HERSELF, Relation.INSTALLATION, Relation.NOTHING

ANY: tuple[StrEnum, ...] = ()
"""Whatever state the row is in, or a row without states."""


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

SIGN_IN_OPERATIONS = frozenset(
    {
        "create_session",
        "accept_invitation",
        "begin_enrolment",
        "confirm_enrolment",
        "start_oidc_sign_in",
        "return_from_oidc",
        "create_oidc_session",
    }
)
"""Called by somebody who is not signed in yet; each checks by itself what it is given."""

SESSION_OPERATIONS = frozenset(
    {
        "get_current_session",
        "end_current_session",
        "step_up",
        "list_sessions",
        "end_session",
        "end_all_sessions",
    }
)
"""For a person who signed in: no key may call them."""

STEP_UP_OPERATIONS = frozenset({"change_password", "renew_recovery_codes", "create_api_key", "rotate_api_key"})
"""For a person who has just shown her second factor; the guard asks for it."""

# fmt: off
TABLE: tuple[Rule, ...] = (
    #    operation                     role                              relation      states
    Rule("get_me",                     EVERYBODY,                        HERSELF),
    Rule("get_current_session",        EVERYBODY,                        HERSELF),
    Rule("end_current_session",        EVERYBODY,                        HERSELF),
    Rule("step_up",                    EVERYBODY,                        HERSELF),
    Rule("list_sessions",              EVERYBODY,                        HERSELF),
    Rule("end_session",                EVERYBODY,                        HERSELF),
    Rule("end_all_sessions",           EVERYBODY,                        HERSELF),
    Rule("change_password",            EVERYBODY,                        HERSELF),
    Rule("renew_recovery_codes",       EVERYBODY,                        HERSELF),
    Rule("list_api_keys",              EVERYBODY,                        HERSELF),
    Rule("list_api_keys",              {ADMINISTRATOR},                  OWN),
    Rule("create_api_key",             EVERYBODY,                        HERSELF),
    Rule("get_api_key",                EVERYBODY,                        HERSELF),
    Rule("get_api_key",                {ADMINISTRATOR},                  OWN),
    Rule("rotate_api_key",             EVERYBODY,                        HERSELF,      (KeyState.VALID,)),
    Rule("revoke_api_key",             EVERYBODY,                        HERSELF,      (KeyState.VALID, KeyState.EXPIRED)),
    Rule("revoke_api_key",             {ADMINISTRATOR},                  OWN,          (KeyState.VALID, KeyState.EXPIRED)),

    # supply
    Rule("list_providers",             {MANAGER, ADMINISTRATOR},         OWN),
    Rule("list_providers",             {ADMINISTRATOR},                  INSTALLATION),
    Rule("create_provider",            {ADMINISTRATOR},                  INSTALLATION),
    Rule("get_provider",               {MANAGER, ADMINISTRATOR},         OWN),
    Rule("get_provider",               {ADMINISTRATOR},                  INSTALLATION),
    Rule("update_provider",            {MANAGER},                        OWN),
    Rule("confirm_provider_vacancies", {MANAGER},                        OWN),
    Rule("list_properties",            {MANAGER},                        OWN),
    Rule("create_property",            {MANAGER},                        OWN),
    Rule("get_property",               {MANAGER},                        OWN),
    Rule("update_property",            {MANAGER},                        OWN),
    Rule("disclose_address",           {MANAGER, RESETTLEMENT},          OWN),
    Rule("disclose_address",           {OFFICER},                        HERSELF),
    Rule("list_property_disclosures",  {MANAGER, LEAD},                  OWN),
    Rule("list_units",                 {MANAGER},                        OWN),
    Rule("create_unit",                {MANAGER},                        OWN),
    Rule("get_unit",                   {MANAGER},                        OWN),
    Rule("update_unit",                {MANAGER},                        OWN),
    Rule("withdraw_unit",              {MANAGER},                        OWN,          (UnitOffer.OFFERED,)),
    Rule("create_void",                {MANAGER},                        OWN),
    Rule("get_void",                   {MANAGER},                        OWN),
    Rule("update_void",                {MANAGER},                        OWN,          (VoidState.OPEN,)),
    Rule("cancel_void",                {MANAGER},                        OWN,          (VoidState.OPEN,)),
    Rule("confirm_unit_vacancy",       {MANAGER},                        OWN),
    Rule("list_vacancies",             {MANAGER},                        OWN),

    # demand
    Rule("list_households",            {OFFICER},                        OWN),
    Rule("create_household",           {OFFICER},                        NOTHING),
    Rule("get_household",              {OFFICER},                        OWN),
    Rule("update_household",           {OFFICER},                        OWN),
    Rule("list_household_readings",    {OFFICER, LEAD},                  OWN),
    Rule("list_areas_to_avoid",        {OFFICER},                        OWN),
    Rule("create_area_to_avoid",       {OFFICER},                        OWN),
    Rule("state_no_areas_to_avoid",    {OFFICER},                        OWN),
    Rule("get_area_to_avoid",          {OFFICER},                        OWN),
    Rule("update_area_to_avoid",       {OFFICER},                        OWN),
    Rule("retire_area_to_avoid",       {OFFICER},                        OWN),
    Rule("list_area_changes",          {OFFICER},                        OWN),
    Rule("confirm_area_change",        {OFFICER},                        OWN,          (AreaChangeState.PENDING,)),
    Rule("refuse_area_change",         {OFFICER},                        OWN,          (AreaChangeState.PENDING,)),
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
    Rule("get_meeting_point",          {OFFICER},                        ASKING),
    Rule("get_meeting_point",          {MANAGER},                        ASKED),
    Rule("get_exact_check",            {MANAGER},                        ASKED,        (ReferralState.MADE,)),
    Rule("accept_referral",            {MANAGER},                        ASKED,        (ReferralState.MADE,)),
    Rule("decline_referral",           {MANAGER},                        ASKED,        (ReferralState.MADE,)),
    Rule("withdraw_referral",          {OFFICER},                        ASKING,       (ReferralState.MADE,)),
    Rule("create_blocked_person",      {OFFICER},                        OWN),
    Rule("list_blocked_persons",       {LEAD},                           OWN),
    Rule("end_blocked_person",         {LEAD},                           OWN,          (BlockState.IN_FORCE,)),
    Rule("declare_conflict",           {OFFICER, MANAGER, RESETTLEMENT}, HERSELF),
    Rule("list_conflict_declarations", {LEAD},                           OWN),
    Rule("end_conflict_declaration",   {LEAD},                           OWN,          (BlockState.IN_FORCE,)),

    # the stay
    Rule("list_placements",            {OFFICER},                        ASKING),
    Rule("list_placements",            {MANAGER, RESETTLEMENT},          ASKED),
    Rule("get_placement",              {OFFICER},                        ASKING),
    Rule("get_placement",              {MANAGER, RESETTLEMENT},          ASKED),
    Rule("get_placement_timeline",     {OFFICER},                        ASKING),
    Rule("get_placement_timeline",     {MANAGER, RESETTLEMENT},          ASKED),
    Rule("list_address_releases",      {OFFICER},                        ASKING),
    Rule("list_address_releases",      {MANAGER},                        ASKED),
    Rule("create_address_release",     {MANAGER},                        ASKED),
    Rule("get_address_release",        {OFFICER},                        HERSELF),
    Rule("get_address_release",        {MANAGER},                        ASKED),
    Rule("revoke_address_release",     {MANAGER},                        ASKED),
    Rule("confirm_arrival",            {MANAGER, RESETTLEMENT},          ASKED,        (PlacementState.PLANNED,)),
    Rule("record_non_arrival",         {MANAGER, RESETTLEMENT},          ASKED,        (PlacementState.PLANNED,)),
    Rule("extend_licence",             {MANAGER, RESETTLEMENT},          ASKED,        (PlacementState.LIVING,)),
    Rule("record_departure",           {MANAGER, RESETTLEMENT},          ASKED,        (PlacementState.LIVING,)),
    Rule("list_reminders",             {MANAGER, RESETTLEMENT},          ASKED),
    Rule("acknowledge_reminder",       {MANAGER, RESETTLEMENT},          ASKED,        (ReminderStanding.PENDING,
                                                                                        ReminderStanding.SENT)),

    # keeping and forgetting
    Rule("list_legal_holds",           {LEAD},                           OWN),
    Rule("place_legal_hold",           {LEAD},                           OWN),
    Rule("get_legal_hold",             {LEAD},                           OWN),
    Rule("lift_legal_hold",            {LEAD},                           OWN,          (LegalHoldState.IN_FORCE,)),
    Rule("get_retention_period",       {LEAD},                           OWN),
    Rule("set_retention_period",       {LEAD},                           OWN),
    Rule("export_household",           {LEAD},                           OWN),

    # administration
    Rule("list_organisations",         {ADMINISTRATOR},                  OWN),
    Rule("list_organisations",         {ADMINISTRATOR},                  INSTALLATION),
    Rule("create_organisation",        {ADMINISTRATOR},                  INSTALLATION),
    Rule("list_workers",               {ADMINISTRATOR},                  OWN),
    Rule("get_worker",                 {ADMINISTRATOR},                  OWN),
    Rule("grant_role",                 {ADMINISTRATOR},                  OWN,          (WorkerState.WORKING,)),
    Rule("end_role",                   {ADMINISTRATOR},                  OWN,          (WorkerState.WORKING,)),
    Rule("record_worker_departure",    {ADMINISTRATOR},                  OWN,          (WorkerState.WORKING,)),
    Rule("list_leaves",                EVERYBODY,                        HERSELF),
    Rule("list_leaves",                {ADMINISTRATOR},                  OWN),
    Rule("record_leave",               EVERYBODY,                        HERSELF),
    Rule("record_leave",               {ADMINISTRATOR},                  OWN),
    Rule("withdraw_leave",             EVERYBODY,                        HERSELF,      (LeaveState.AHEAD,)),
    Rule("withdraw_leave",             {ADMINISTRATOR},                  OWN,          (LeaveState.AHEAD,)),
    Rule("list_invitations",           {ADMINISTRATOR},                  OWN),
    Rule("create_invitation",          {ADMINISTRATOR},                  OWN),
    Rule("create_invitation",          {ADMINISTRATOR},                  INSTALLATION),
    Rule("withdraw_invitation",        {ADMINISTRATOR},                  OWN,          (InvitationState.OPEN,
                                                                                        InvitationState.EXPIRED)),
    Rule("list_sharing_agreements",    {ADMINISTRATOR, LEAD},            OWN),
    Rule("propose_sharing_agreement",  {ADMINISTRATOR},                  NOTHING),
    Rule("get_sharing_agreement",      {ADMINISTRATOR, LEAD},            OWN),
    Rule("accept_sharing_agreement",   {ADMINISTRATOR},                  OWN,          (AgreementState.PROPOSED,)),
    Rule("end_sharing_agreement",      {ADMINISTRATOR, LEAD},            OWN,          (AgreementState.PROPOSED,
                                                                                        AgreementState.AGREED,
                                                                                        AgreementState.IN_FORCE)),
    Rule("list_audit_events",          {AUDITOR},                        OWN),
    Rule("list_alert_coverage",        {ADMINISTRATOR},                  OWN),
    Rule("list_alert_coverage",        {ADMINISTRATOR},                  INSTALLATION),

    # safeguarding
    Rule("list_alerts",                {LEAD},                           OWN),
    Rule("get_alert",                  {LEAD},                           OWN),
    Rule("close_alert",                {LEAD},                           OWN,          (AlertState.OPEN,)),
    Rule("list_budget_raises",         {LEAD},                           OWN),
    Rule("create_budget_raise",        {LEAD},                           OWN),
)

ENTRY = ("id", "hold_id", "household_id", "unit_id", "state", "verdict", "made_at", "answered_on", "declined_by", "reason",
         "placement_id")
RELEASE = ("id", "placement_id", "property_id", "officer_id", "state", "released_at", "expires_at", "opened_at",
           "view_ends_at", "revoked_at")

FIELDS: tuple[Sight, ...] = (
    #     kind               fields                                          relation  states
    Sight("referral",        ENTRY,                                          ASKING),
    Sight("referral",        ("property_id",),                               ASKING,   (ReferralState.ACCEPTED,)),
    Sight("referral",        (*ENTRY, "answered_at", "property_id"),         ASKED),
    Sight("referral",        ("case", "case.members.role", "case.members.gender", "case.members.age", "case.needs",
                              "case.risk_score"),                            ASKED),
    Sight("referral",        ("case.members.name", "case.safe_contact",
                              "referred_by"),                                ASKED,    (ReferralState.ACCEPTED,)),
    Sight("address_release", RELEASE,                                        HERSELF),
    Sight("address_release", RELEASE,                                        ASKING),
    Sight("address_release", (*RELEASE, "reason"),                           ASKED),
)
# fmt: on

STAGES_OF = {
    "disclose_address": ("open", "read_again", "look_up"),
    "get_meeting_point": ("read_meeting_point",),
    "create_address_release": ("release",),
    "revoke_address_release": ("revoke",),
}
"""The operations whose states are those of the machine in `accommodation.disclosure`, and the moves that each makes."""

NEEDS_SECOND_FACTOR = STEP_UP_OPERATIONS | {
    "disclose_address",
    "create_address_release",
    "get_meeting_point",
    "export_household",
}
"""Answered only to a session whose second factor was shown in the last minutes, and so never to a key. About an
address the use case asks, because to whoever may not anyway it does not exist."""

PERMISSIONS: dict[str, frozenset[Role]] = {
    rule.operation: frozenset(role for other in TABLE if other.operation == rule.operation for role in other.roles)
    for rule in TABLE
}
"""The roles of each operation, whatever the row."""
