"""The field's words for supply. Each enumeration cites where its values come from."""

from enum import StrEnum


class OrganisationKind(StrEnum):
    """Partners of the domain page: councils place, providers accommodate, helplines and boards look on."""

    COUNCIL = "council"
    PROVIDER = "provider"
    HELPLINE = "helpline"
    BOARD = "board"


class Role(StrEnum):
    """Who uses Harbour, and for what (domain page)."""

    HOUSING_OFFICER = "housing_officer"
    REFUGE_MANAGER = "refuge_manager"
    RESETTLEMENT_WORKER = "resettlement_worker"
    COMMISSIONER = "commissioner"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    SAFEGUARDING_LEAD = "safeguarding_lead"


class Relation(StrEnum):
    """How a row stands to the caller: a fact of the rows, whatever her role (safeguarding page)."""

    OWN_ORGANISATION = "own_organisation"
    ASKING = "asking"
    ASKED = "asked"
    HERSELF = "herself"
    INSTALLATION = "installation"
    NOTHING = "nothing"


class KeyState(StrEnum):
    """Derived from a key's row and the time."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class AlertState(StrEnum):
    """Derived from an alert's row."""

    OPEN = "open"
    CLOSED = "closed"


class WorkerState(StrEnum):
    """Derived from a worker's row and the time: a last day to come is not over yet."""

    WORKING = "working"
    LEFT = "left"


class InvitationState(StrEnum):
    """Derived from an invitation's row and the time."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class LeaveState(StrEnum):
    """Derived from a leave's row and the local date."""

    AHEAD = "ahead"
    WITHDRAWN = "withdrawn"
    OVER = "over"


class AlertKind(StrEnum):
    """What a safeguarding lead is told to look at (safeguarding page)."""

    GEOMETRY_BUDGET = "geometry_budget"
    DISCLOSURE_CAP = "disclosure_cap"
    PERPETRATOR_BUDGET = "perpetrator_budget"
    STATEMENT_BUDGET = "statement_budget"
    HOUSEHOLD_BUDGET = "household_budget"
    HOLD_BUDGET = "hold_budget"
    EXACT_BIT_BUDGET = "exact_bit_budget"
    SEARCHES_WITHOUT_HOLD = "searches_without_hold"
    SEARCHES_AT_PACE = "searches_at_pace"
    HOUSEHOLDS_WITHOUT_PLACEMENT = "households_without_placement"
    HOUSEHOLDS_READ = "households_read"
    UNFAMILIAR_HOUSEHOLDS_READ = "unfamiliar_households_read"
    ADDRESSES_TOLD = "addresses_told"
    GEOMETRY_SHARED = "geometry_shared"
    HOLDS_RELEASED = "holds_released"
    SIGN_INS_FAILED = "sign_ins_failed"
    ROLE_GRANTED = "role_granted"
    CONFLICT_DECLARED = "conflict_declared"


class AlertOutcome(StrEnum):
    """What a safeguarding lead found. `passed_on` = to the police, the employer or the regulator."""

    EXPLAINED = "explained"
    MISTAKE = "mistake"
    MISUSE = "misuse"
    PASSED_ON = "passed_on"


class AgreementPurpose(StrEnum):
    """Why two organisations share. Sight for one purpose is no sight for another (UK GDPR art. 5(1)(b))."""

    PLACEMENT = "placement"
    MOVE_ON = "move_on"


class AgreementScope(StrEnum):
    """What may be shared: units in searches and holds on them; households referred, and all that follows."""

    VACANCIES = "vacancies"
    REFERRALS = "referrals"


class AgreementState(StrEnum):
    """Derived from an agreement's row and the local date."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    IN_FORCE = "in_force"
    OVER = "over"
    ENDED = "ended"


class AgreementEndReason(StrEnum):
    """Why a party ended an agreement before its last day, or did not accept it."""

    NOT_WANTED = "not_wanted"
    SERVICE_CLOSED = "service_closed"
    TERMS_BROKEN = "terms_broken"
    SAFETY = "safety"
    REPLACED = "replaced"


class ProviderKind(StrEnum):
    """Bodies whose accommodation is relevant accommodation (SI 2021/991 reg. 2)."""

    LOCAL_HOUSING_AUTHORITY = "local_housing_authority"
    PRIVATE_REGISTERED_PROVIDER = "private_registered_provider"
    REGISTERED_CHARITY = "registered_charity"


class AccommodationType(StrEnum):
    """Kinds of relevant accommodation (SI 2021/991 reg. 2). Bed and breakfast is never one of them."""

    REFUGE = "refuge"
    SPECIALIST_SAFE = "specialist_safe"
    DISPERSED_TYPE_1 = "dispersed_type_1"
    DISPERSED_TYPE_2 = "dispersed_type_2"
    SANCTUARY_SCHEME = "sanctuary_scheme"
    SECOND_STAGE = "second_stage"
    OTHER_DESIGNATED = "other_designated"


class Gender(StrEnum):
    """The gender a person lives in; trans people are accepted in their recognised gender."""

    FEMALE = "female"
    MALE = "male"
    NON_BINARY = "non_binary"


class ResidentsGender(StrEnum):
    """Whom a unit takes as adults. Shared units are single-sex."""

    WOMEN = "women"
    MEN = "men"
    ANY = "any"


class Level(StrEnum):
    """Ordinal support level for mental health and substance use: a need must not exceed the unit's level."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Position in the order none < low < medium < high, from 0."""
        return list(Level).index(self)


class NoRecoursePolicy(StrEnum):
    """How a unit takes households with no recourse to public funds."""

    ACCEPTED = "accepted"
    FUNDED_PLACE = "funded_place"
    QUOTA = "quota"
    NOT_ACCEPTED = "not_accepted"


class BoysUpperAge(StrEnum):
    """The oldest boy a unit takes, inclusive; `none` = no limit (domain page)."""

    TWELVE = "12"
    FOURTEEN = "14"
    SIXTEEN = "16"
    NONE = "none"


class Specialism(StrEnum):
    """By-and-for, faith, language and LGBT+ services (domain page)."""

    BLACK_AND_MINORITISED = "black_and_minoritised"
    LGBT = "lgbt"
    FAITH_MUSLIM = "faith_muslim"
    FAITH_JEWISH = "faith_jewish"
    FAITH_CHRISTIAN = "faith_christian"
    DEAF = "deaf"
    LEARNING_DISABILITY = "learning_disability"
    SUBSTANCE_RECOVERY = "substance_recovery"
    INTERPRETERS = "interpreters"


class OccupancyBasis(StrEnum):
    """What the household's right to stay is in law; the minimum notice follows (Protection from Eviction Act 1977)."""

    EXCLUDED_LICENCE = "excluded_licence"
    PROTECTED_LICENCE = "protected_licence"
    ASSURED_SHORTHOLD_TENANCY = "assured_shorthold_tenancy"


class StayKind(StrEnum):
    """What takes a unit's dates."""

    HOLD = "hold"
    PLACEMENT = "placement"
    VOID = "void"


class VoidReason(StrEnum):
    """Why a unit cannot be let."""

    TURNAROUND = "turnaround"
    REPAIRS = "repairs"
    SAFETY = "safety"
    STAFFING = "staffing"
    OTHER = "other"


class VoidState(StrEnum):
    """Derived from a void's row and the time: one that is cancelled or past is over."""

    OPEN = "open"
    OVER = "over"


class UnitOffer(StrEnum):
    """Whether a provider still offers a unit at all."""

    OFFERED = "offered"
    WITHDRAWN = "withdrawn"


class UnitStatus(StrEnum):
    """Derived: what a unit is at an instant."""

    FREE = "free"
    HELD = "held"
    OCCUPIED = "occupied"
    VOID = "void"
    WITHDRAWN = "withdrawn"


class Freshness(StrEnum):
    """How lately the provider said that a vacancy is true; councils see this bucket and never the minute."""

    FRESH = "fresh"
    AGEING = "ageing"
    STALE = "stale"
    UNKNOWN = "unknown"
