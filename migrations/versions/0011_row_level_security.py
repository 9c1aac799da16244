"""Row-level security on PostgreSQL: what people ask for runs as a role that owns nothing, and sees its organisation's rows.

`seen` is what a request may read, change or lock; `written` what it may leave behind (the same where None). A subquery in a
policy goes by the policies of the tables that it reads, so that a reminder is seen where its placement is, and no further.
SQLite has no such thing: there the table of access stands alone.

A later migration that adds a table adds its policy, or its reason to `OPEN_TABLES` in `tests/integration/test_row_security.py`.

Revision ID: 0011
Revises: 0010
"""

from alembic import op
import sqlalchemy as sa


revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROLE = "harbour_requests"
SETTING = "harbour.organisation_id"

# Subqueries without a reference to the row are asked once a statement, not once a row.
ME = "(SELECT requesting_organisation())"
MY_PROVIDER = "(SELECT requesting_provider())"

OWN = f"organisation_id = {ME}"
OWN_OR_ASKED = f"{OWN} OR provider_id = {MY_PROVIDER}"
OF_UNIT = (
    f"EXISTS (SELECT 1 FROM unit JOIN property ON property.id = unit.property_id"
    f" WHERE unit.id = {{unit}} AND property.provider_id = {MY_PROVIDER})"
)
OF_PROPERTY = f"EXISTS (SELECT 1 FROM property WHERE property.id = {{home}} AND property.provider_id = {MY_PROVIDER})"
OF_OWN_HOUSEHOLD = f"EXISTS (SELECT 1 FROM household WHERE household.id = {{table}}.household_id AND household.{OWN})"
OF_HOUSEHOLD = "sees_household({table}.household_id)"
OF_PLACEMENT = "EXISTS (SELECT 1 FROM placement WHERE placement.id = {table}.placement_id)"
OF_COLLEAGUE = f"EXISTS (SELECT 1 FROM worker WHERE worker.id = {{table}}.worker_id AND worker.{OWN})"

POLICIES = {
    # supply: what search reads is read by all, and written by its provider
    "provider": ("true", f"{OWN} OR requests_for_installation()"),
    "property": ("true", f"provider_id = {MY_PROVIDER}"),
    "void": (OF_UNIT.format(unit="void.unit_id"), None),
    # the vault: its own provider, and who has a household on its way there
    "vault_address": (
        OF_PROPERTY.format(home="vault_address.id")
        + " OR EXISTS (SELECT 1 FROM placement JOIN unit ON unit.id = placement.unit_id"
        " WHERE unit.property_id = vault_address.id)",
        OF_PROPERTY.format(home="vault_address.id"),
    ),
    "vault_door": (
        OF_UNIT.format(unit="vault_door.id")
        + " OR EXISTS (SELECT 1 FROM placement WHERE placement.unit_id = vault_door.id)",
        OF_UNIT.format(unit="vault_door.id"),
    ),
    # demand: its own organisation, and the provider that it was put to
    "household": (f"{OWN} OR sees_case_of(household.id)", OWN),
    "area_to_avoid": (OF_HOUSEHOLD.format(table="area_to_avoid"), OF_OWN_HOUSEHOLD.format(table="area_to_avoid")),
    "area_change": (OF_HOUSEHOLD.format(table="area_change"), OF_OWN_HOUSEHOLD.format(table="area_change")),
    "perpetrator_link": (OF_OWN_HOUSEHOLD.format(table="perpetrator_link"), None),
    "legal_hold": (OF_OWN_HOUSEHOLD.format(table="legal_hold"), None),
    "blocked_person": (OF_HOUSEHOLD.format(table="blocked_person"), OWN),
    "conflict_declaration": (OWN, None),
    "search": (OWN, None),
    "hold": (f"{OWN} OR {OF_UNIT.format(unit='hold.unit_id')}", None),
    "referral": (OWN_OR_ASKED, None),
    # the stay
    "placement": (OWN_OR_ASKED, None),
    "extension": (OF_PLACEMENT.format(table="extension"), None),
    "reminder": (OF_PLACEMENT.format(table="reminder"), None),
    "address_release": (OF_PLACEMENT.format(table="address_release"), None),
    # A view is counted for the property as well, whoever had it: somebody to whom it was released counts them all.
    "address_disclosure": (
        f"{OWN} OR {OF_PROPERTY.format(home='address_disclosure.property_id')} OR EXISTS"
        " (SELECT 1 FROM address_release WHERE address_release.property_id = address_disclosure.property_id)",
        OWN,
    ),
    # asking, keeping, telling
    "budget_use": (OWN, None),
    "budget_raise": (OWN, None),
    "retention_period": (OWN, None),
    "alert": (OWN, None),
    "outbox_message": (OWN, "true"),  # both organisations are told
    "audit_event": (OWN, None),
    "audit_reason": ("EXISTS (SELECT 1 FROM audit_event WHERE audit_event.id = audit_reason.id)", None),
    "audit_checkpoint": (OWN, "false"),
    # people
    "sharing_agreement": (f"proposer_id = {ME} OR partner_id = {ME}", f"proposer_id = {ME} OR partner_id = {ME}"),
    # A provider names an officer of whoever refers to it. Nobody sees a provider's staff: who follows them finds the refuge.
    "worker": (
        f"{OWN} OR EXISTS (SELECT 1 FROM referral WHERE referral.organisation_id = worker.organisation_id"
        f" AND referral.provider_id = {MY_PROVIDER})",
        OWN,
    ),
    "worker_role": (
        "EXISTS (SELECT 1 FROM worker WHERE worker.id = worker_role.worker_id)",
        OF_COLLEAGUE.format(table="worker_role"),
    ),
    "worker_leave": (OF_COLLEAGUE.format(table="worker_leave"), None),
    # The installation's administrator invites the first one of each organisation.
    "invitation": (
        f"{OWN} OR EXISTS (SELECT 1 FROM worker WHERE worker.id = invitation.invited_by AND worker.{OWN})",
        f"{OWN} OR requests_for_installation()",
    ),
    "api_key": (OF_COLLEAGUE.format(table="api_key"), None),
    "worker_session": (OF_COLLEAGUE.format(table="worker_session"), None),
    "credential": (OF_COLLEAGUE.format(table="credential"), None),
    "recovery_code": (OF_COLLEAGUE.format(table="recovery_code"), None),
    "enrolment": (OF_COLLEAGUE.format(table="enrolment"), None),
    "external_identity": (OF_COLLEAGUE.format(table="external_identity"), None),
}

# Open by the design of search, or without anything of an organisation: no policy.
OPEN = {
    "organisation": "SELECT, INSERT, UPDATE",
    "unit": "SELECT, INSERT, UPDATE",
    "stay": "SELECT, INSERT, UPDATE",
    "supply_version": "SELECT, UPDATE",
    "sign_in_failures": "SELECT, INSERT, UPDATE, DELETE",
}
APPEND_ONLY = ("audit_event", "audit_checkpoint")
REMOVED_FROM = ("perpetrator_link", "recovery_code", "budget_use", "audit_reason")

FUNCTIONS = (
    f"""
CREATE FUNCTION requesting_organisation() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT NULLIF(current_setting('{SETTING}', true), '')::uuid $$
""",
    """
CREATE FUNCTION requesting_provider() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT id FROM provider WHERE organisation_id = requesting_organisation() $$
""",
    """
CREATE FUNCTION requests_for_installation() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT 1 FROM organisation WHERE id = requesting_organisation() AND runs_installation) $$
""",
    # As their owner and with plans of their own: within a policy these would be planned anew for each query, over all
    # referrals and holds, and a search reads a household and a dozen areas.
    """
CREATE FUNCTION sees_case_of(the_household uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM referral JOIN provider ON provider.id = referral.provider_id
    WHERE referral.household_id = the_household AND provider.organisation_id = requesting_organisation()
  ) OR EXISTS (
    SELECT 1 FROM hold JOIN unit ON unit.id = hold.unit_id JOIN property ON property.id = unit.property_id
    JOIN provider ON provider.id = property.provider_id
    WHERE hold.household_id = the_household AND provider.organisation_id = requesting_organisation()
  );
END $$
""",
    """
CREATE FUNCTION sees_household(the_household uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM household WHERE household.id = the_household AND household.organisation_id = requesting_organisation()
  ) OR sees_case_of(the_household);
END $$
""",
)

# The role is the whole server's, and may be there already: from another installation, or by the hand of whoever runs it.
MAKE_ROLE = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}') THEN
    BEGIN
      CREATE ROLE {ROLE} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN
    EXECUTE format('GRANT {ROLE} TO %I', current_user);
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO {ROLE}', current_schema());
END $$
"""


def upgrade():
    if op.get_bind().dialect.name != "postgresql":
        return
    try:
        with op.get_bind().begin_nested():
            op.execute(MAKE_ROLE)
    except sa.exc.ProgrammingError as error:
        raise RuntimeError(
            f"Harbour's account may not make roles. Let somebody who may run: CREATE ROLE {ROLE} NOLOGIN; "
            f"GRANT {ROLE} TO <Harbour's account>; then migrate again."
        ) from error
    for function in FUNCTIONS:
        op.execute(function)
    for table, (seen, written) in POLICIES.items():
        privileges = ["SELECT", "INSERT"]
        privileges += [] if table in APPEND_ONLY else ["UPDATE"]
        privileges += ["DELETE"] if table in REMOVED_FROM else []
        op.execute(f"GRANT {', '.join(privileges)} ON {table} TO {ROLE}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_of_organisation ON {table} TO {ROLE} USING ({seen}) WITH CHECK ({written or seen})")
    for table, privileges in OPEN.items():
        op.execute(f"GRANT {privileges} ON {table} TO {ROLE}")


def downgrade():
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in OPEN:
        op.execute(f"REVOKE ALL ON {table} FROM {ROLE}")
    for table in POLICIES:
        op.execute(f"DROP POLICY {table}_of_organisation ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM {ROLE}")
    op.execute("DROP FUNCTION sees_household(uuid)")
    op.execute("DROP FUNCTION sees_case_of(uuid)")
    op.execute("DROP FUNCTION requests_for_installation()")
    op.execute("DROP FUNCTION requesting_provider()")
    op.execute("DROP FUNCTION requesting_organisation()")
    op.execute(f"DO $$ BEGIN EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM {ROLE}', current_schema()); END $$")
