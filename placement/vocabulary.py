"""The field's words for demand. Each enumeration cites where its values come from."""

from enum import StrEnum


class MemberRole(StrEnum):
    """Who somebody is in the household. Statute says victim; Harbour says survivor."""

    SURVIVOR = "survivor"
    CHILD = "child"
    ADULT = "adult"


class RiskFlag(StrEnum):
    """What a person decides on, never a rule (domain page: marked R)."""

    ARSON = "arson"
    VIOLENCE = "violence"
    SEXUAL_OFFENCE = "sexual_offence"
    RISK_TO_CHILDREN = "risk_to_children"


class TrackerCheck(StrEnum):
    """One device on the checklist that comes before an address is told."""

    CHECKED = "checked"
    NONE = "none"
    NOT_CHECKED = "not_checked"


class AreaReason(StrEnum):
    """Why a household keeps away from a place: wherever the abuser has connections (domain page)."""

    HIS_HOME = "his_home"
    HIS_WORK = "his_work"
    HIS_ROUTE = "his_route"
    HIS_FAMILY = "his_family"
    HIS_ASSOCIATES = "his_associates"
    OLD_ADDRESS = "old_address"
    CHILDRENS_SCHOOL = "childrens_school"
    COURT = "court"
    CONTACT_CENTRE = "contact_centre"
    BAIL_OR_PROBATION = "bail_or_probation"
    COMMUNITY = "community"
    FAITH_NETWORK = "faith_network"
    NAMED_BY_SURVIVOR = "named_by_survivor"


class AreaSource(StrEnum):
    """Who said so."""

    SURVIVOR = "survivor"
    POLICE = "police"
    PROBATION = "probation"
    MARAC = "marac"
    OTHER_AGENCY = "other_agency"


class AreaAct(StrEnum):
    """What a change does to a household's areas to avoid."""

    ADD = "add"
    EDIT = "edit"
    RETIRE = "retire"


class AreaChangeState(StrEnum):
    """Where a change stands. `pending` ones wait for a second worker."""

    APPLIED = "applied"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class BudgetKind(StrEnum):
    """What can be varied to ask again and again (safeguarding page, first row of the table of threats)."""

    GEOMETRY = "geometry"
    PERPETRATOR = "perpetrator"
    STATEMENT = "statement"
    HOUSEHOLD = "household"
    HOLD = "hold"
    EXACT_BIT = "exact_bit"


class BudgetScope(StrEnum):
    """Over what a budget counts. A property counts within the organisation that asks."""

    HOUSEHOLD = "household"
    PROPERTY = "property"
    OFFICER = "officer"
    ORGANISATION = "organisation"


class AreaConfidence(StrEnum):
    """How sure the source is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Verdict(StrEnum):
    """What Harbour says of a unit for a household."""

    SUITABLE = "suitable"
    CONFIRM = "confirm"
    REVIEW = "review"
    UNSUITABLE = "unsuitable"


class HoldState(StrEnum):
    """Derived from a hold's row and the time; expiry is a fact, not a sweep."""

    LIVE = "live"
    EXPIRED = "expired"
    RELEASED = "released"
    CONVERTED = "converted"


class ReferralState(StrEnum):
    """Where a referral stands."""

    MADE = "made"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class DeclinedBy(StrEnum):
    """A provider's no and a household's no are different facts (domain page)."""

    PROVIDER = "provider"
    HOUSEHOLD = "household"


class DeclineReason(StrEnum):
    """Coded reasons; the provider's follow the MHCLG list of households unable to be supported."""

    CAPACITY = "capacity"
    NEEDS_MENTAL_HEALTH = "needs_mental_health"
    NEEDS_SUBSTANCE_USE = "needs_substance_use"
    NEEDS_DISABILITY = "needs_disability"
    HOUSEHOLD_SIZE = "household_size"
    AGE_OR_SEX_OF_CHILD = "age_or_sex_of_child"
    LANGUAGE = "language"
    NO_RECOURSE = "no_recourse"
    UNSAFE_AREA = "unsafe_area"
    RISK_TO_OTHERS = "risk_to_others"
    TOO_NEAR = "too_near"
    TOO_FAR = "too_far"
    CHANGED_MIND = "changed_mind"
    LOST_CONTACT = "lost_contact"
    OTHER = "other"


class WithdrawReason(StrEnum):
    """Why an officer takes a referral back."""

    PLACED_ELSEWHERE = "placed_elsewhere"
    CHANGED_MIND = "changed_mind"
    LOST_CONTACT = "lost_contact"
    MADE_IN_ERROR = "made_in_error"
    OTHER = "other"


class ReleaseReason(StrEnum):
    """Why a hold was given back before its time."""

    NOT_NEEDED = "not_needed"
    PLACED_ELSEWHERE = "placed_elsewhere"
    HOUSEHOLD_DECLINED = "household_declined"
    MADE_IN_ERROR = "made_in_error"
    REFERRAL_DECLINED = "referral_declined"
    REFERRAL_WITHDRAWN = "referral_withdrawn"
    HOLDER_RELEASED = "holder_released"


class NeedAsked(StrEnum):
    """What a survivor may prefer not to say. That is an answer: it is kept, and it is not "nobody has asked"."""

    ACCESS_NEED = "access_need"
    NO_RECOURSE = "no_recourse"
    MENTAL_HEALTH = "mental_health"
    SUBSTANCE_USE = "substance_use"
    PETS = "pets"
    RISKS = "risks"


class PlacementState(StrEnum):
    """The life of a stay."""

    PLANNED = "planned"
    LIVING = "living"
    NOT_ARRIVED = "not_arrived"
    DEPARTED = "departed"


class NonArrivalReason(StrEnum):
    """Why a household that was expected did not come."""

    WENT_ELSEWHERE = "went_elsewhere"
    RETURNED = "returned"
    CHANGED_MIND = "changed_mind"
    LOST_CONTACT = "lost_contact"
    OTHER = "other"


class ExtensionReason(StrEnum):
    """Why a licence is extended; extension is the normal path."""

    NO_MOVE_ON_HOME = "no_move_on_home"
    SUPPORT_NEEDED = "support_needed"
    SAFETY = "safety"
    LEGAL_PROCEEDINGS = "legal_proceedings"
    OTHER = "other"


class Destination(StrEnum):
    """Where a household goes (MHCLG exits by destination; the code list is versioned)."""

    SOCIAL = "social"
    PRIVATE = "private"
    SECOND_STAGE = "second_stage"
    SUPPORTED = "supported"
    TEMPORARY = "temporary"
    FAMILY_OR_FRIENDS = "family_or_friends"
    HOME_PERPETRATOR_REMOVED = "home_perpetrator_removed"
    RETURNED_TO_PERPETRATOR = "returned_to_perpetrator"
    ANOTHER_REFUGE = "another_refuge"
    ABROAD = "abroad"
    UNKNOWN = "unknown"


class ReminderState(StrEnum):
    """A reminder's life. `sent` ones are history and stay."""

    PENDING = "pending"
    SENT = "sent"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


class ReminderStanding(StrEnum):
    """A reminder's state, and beside it that somebody has said what came of it."""

    PENDING = "pending"
    SENT = "sent"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    ACKNOWLEDGED = "acknowledged"


class BlockState(StrEnum):
    """Whether a household is still kept from somebody, or a declared conflict stands, as far as anybody has said."""

    IN_FORCE = "in_force"
    ENDED = "ended"


class LegalHoldState(StrEnum):
    """Whether a legal hold still keeps everything of its household."""

    IN_FORCE = "in_force"
    LIFTED = "lifted"


class ReminderOutcome(StrEnum):
    """What came of it; acknowledging wants one."""

    DONE = "done"
    EXTENDED = "extended"
    NOTICE_SERVED = "notice_served"
    NOT_APPLICABLE = "not_applicable"


class ConflictRelation(StrEnum):
    """How a worker knows somebody in a case; from then on she is kept from it."""

    FAMILY = "family"
    FRIEND = "friend"
    NEIGHBOUR = "neighbour"
    COLLEAGUE = "colleague"
    FORMER_PARTNER = "former_partner"
    OTHER = "other"
