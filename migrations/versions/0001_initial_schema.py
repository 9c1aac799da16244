"""Initial schema: supply, vault, demand, credentials, audit, outbox; and no two live stays of a unit that overlap.

Revision ID: 0001
Revises:
"""

from alembic import op
import sqlalchemy as sa


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

OVERLAP = "ex_stay_unit_overlap"

# The same rule twice: PostgreSQL has exclusion constraints, SQLite has triggers that raise the same name.
POSTGRESQL_RULE = f"""
ALTER TABLE stay ADD CONSTRAINT {OVERLAP}
EXCLUDE USING gist (unit_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&) WHERE (live)
"""

SQLITE_RULE = """
CREATE TRIGGER {name}_{when} BEFORE {event} ON stay WHEN NEW.live
BEGIN
  SELECT RAISE(ABORT, '{name}') WHERE EXISTS (
    SELECT 1 FROM stay AS other
    WHERE other.unit_id = NEW.unit_id AND other.live AND other.id <> NEW.id
      AND (NEW.ends_at IS NULL OR other.starts_at < NEW.ends_at)
      AND (other.ends_at IS NULL OR NEW.starts_at < other.ends_at)
  );
END
"""
SQLITE_EVENTS = {"insert": "INSERT", "update": "UPDATE OF unit_id, starts_at, ends_at, live"}


def upgrade():
    op.create_table('audit_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('worker_id', sa.Uuid(), nullable=False),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.String(length=40), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('reason_sealed', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event'))
    )
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.create_index('ix_audit_event_organisation_id_happened_at', ['organisation_id', 'happened_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_event_subject_id'), ['subject_id'], unique=False)

    op.create_table('organisation',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation'))
    )
    op.create_table('outbox_message',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('reminder_id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('worker_id', sa.Uuid(), nullable=True),
    sa.Column('reference', sa.String(length=20), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('text', sa.String(length=200), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_message')),
    sa.UniqueConstraint('reminder_id', name=op.f('uq_outbox_message_reminder_id'))
    )
    op.create_table('supply_version',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supply_version'))
    )
    op.create_table('household',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.String(length=20), nullable=False),
    sa.Column('details_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('no_areas_statement_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_household_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_household')),
    sa.UniqueConstraint('reference', name=op.f('uq_household_reference'))
    )
    with op.batch_alter_table('household', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_household_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('provider',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('referral_phone', sa.String(length=40), nullable=False),
    sa.Column('hold_minutes', sa.Integer(), nullable=False),
    sa.Column('no_recourse_quota', sa.Integer(), nullable=True),
    sa.Column('gender_policy', sa.String(length=500), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('hold_minutes BETWEEN 30 AND 480', name=op.f('ck_provider_hold_minutes_in_policy')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_provider_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_provider')),
    sa.UniqueConstraint('organisation_id', name=op.f('uq_provider_organisation_id'))
    )
    op.create_table('worker',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_worker_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_worker'))
    )
    with op.batch_alter_table('worker', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_worker_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('api_key',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('worker_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(length=30), nullable=False),
    sa.Column('prefix', sa.String(length=16), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('is_demo', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['worker_id'], ['worker.id'], name=op.f('fk_api_key_worker_id_worker')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_key')),
    sa.UniqueConstraint('prefix', name=op.f('uq_api_key_prefix'))
    )
    with op.batch_alter_table('api_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_key_worker_id'), ['worker_id'], unique=False)

    op.create_table('area_to_avoid',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('facts_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('reviewed_on', sa.Date(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('retired_reason_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from', name=op.f('ck_area_to_avoid_valid_to_after_from')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_area_to_avoid_household_id_household')),
    sa.ForeignKeyConstraint(['recorded_by'], ['worker.id'], name=op.f('fk_area_to_avoid_recorded_by_worker')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_area_to_avoid'))
    )
    with op.batch_alter_table('area_to_avoid', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_area_to_avoid_household_id'), ['household_id'], unique=False)

    op.create_table('perpetrator_link',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('blind_index', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_perpetrator_link_household_id_household')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_perpetrator_link')),
    sa.UniqueConstraint('household_id', 'blind_index', name=op.f('uq_perpetrator_link_household_id_blind_index'))
    )
    with op.batch_alter_table('perpetrator_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_perpetrator_link_household_id'), ['household_id'], unique=False)

    op.create_table('property',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.String(length=20), nullable=False),
    sa.Column('cell', sa.String(length=60), nullable=False),
    sa.Column('cell_version', sa.String(length=20), nullable=False),
    sa.Column('nation', sa.String(length=20), nullable=False),
    sa.Column('staff_cover', sa.Boolean(), nullable=True),
    sa.Column('cctv', sa.Boolean(), nullable=True),
    sa.Column('out_of_hours_intake', sa.Boolean(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_property_provider_id_provider')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_property')),
    sa.UniqueConstraint('reference', name=op.f('uq_property_reference'))
    )
    with op.batch_alter_table('property', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_property_provider_id'), ['provider_id'], unique=False)

    op.create_table('search',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=True),
    sa.Column('searched_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('needed_on', sa.Date(), nullable=False),
    sa.Column('supply_version', sa.Integer(), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('demand', sa.JSON(), nullable=False),
    sa.Column('answer_sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_search_household_id_household')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_search_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search'))
    )
    with op.batch_alter_table('search', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_search_household_id'), ['household_id'], unique=False)

    op.create_table('unit',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('property_id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.String(length=20), nullable=False),
    sa.Column('cell', sa.String(length=60), nullable=False),
    sa.Column('accommodation_type', sa.String(length=30), nullable=False),
    sa.Column('self_contained', sa.Boolean(), nullable=False),
    sa.Column('bed_spaces', sa.Integer(), nullable=False),
    sa.Column('cots', sa.Integer(), nullable=False),
    sa.Column('residents', sa.String(length=10), nullable=True),
    sa.Column('boys_upper_age', sa.String(length=4), nullable=True),
    sa.Column('access', sa.Integer(), nullable=True),
    sa.Column('no_recourse', sa.String(length=20), nullable=True),
    sa.Column('mental_health', sa.String(length=10), nullable=True),
    sa.Column('substance_use', sa.String(length=10), nullable=True),
    sa.Column('pets', sa.Boolean(), nullable=True),
    sa.Column('specialisms', sa.JSON(), nullable=False),
    sa.Column('occupancy_basis', sa.String(length=30), nullable=False),
    sa.Column('notice_min_days', sa.Integer(), nullable=False),
    sa.Column('licence_days', sa.Integer(), nullable=False),
    sa.Column('turnaround_days', sa.Integer(), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('supply_version', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("self_contained OR residents IS NULL OR residents <> 'any'", name=op.f('ck_unit_shared_unit_is_single_sex')),
    sa.CheckConstraint('access BETWEEN 0 AND 3', name=op.f('ck_unit_access_is_core_code')),
    sa.CheckConstraint('bed_spaces BETWEEN 1 AND 20', name=op.f('ck_unit_bed_spaces_in_range')),
    sa.CheckConstraint('cots BETWEEN 0 AND 10', name=op.f('ck_unit_cots_in_range')),
    sa.ForeignKeyConstraint(['property_id'], ['property.id'], name=op.f('fk_unit_property_id_property')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit')),
    sa.UniqueConstraint('reference', name=op.f('uq_unit_reference'))
    )
    with op.batch_alter_table('unit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_unit_property_id'), ['property_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_unit_supply_version'), ['supply_version'], unique=False)

    op.create_table('vault_address',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('address_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('point_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('landlord_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('meeting_point_sealed', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['id'], ['property.id'], name=op.f('fk_vault_address_id_property')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vault_address'))
    )
    op.create_table('stay',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('unit_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('live', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.Column('no_recourse', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.CheckConstraint('ends_at IS NULL OR ends_at > starts_at', name=op.f('ck_stay_ends_after_start')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_stay_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stay'))
    )
    with op.batch_alter_table('stay', schema=None) as batch_op:
        batch_op.create_index('ix_stay_unit_id_live', ['unit_id', 'live'], unique=False)

    op.create_table('vault_door',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('door_name_sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['unit.id'], name=op.f('fk_vault_door_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vault_door'))
    )
    op.create_table('hold',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('unit_id', sa.Uuid(), nullable=False),
    sa.Column('stay_id', sa.Uuid(), nullable=False),
    sa.Column('search_id', sa.Uuid(), nullable=True),
    sa.Column('verdict', sa.String(length=12), nullable=False),
    sa.Column('held_by', sa.Uuid(), nullable=False),
    sa.Column('held_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('term_minutes', sa.Integer(), nullable=False),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('release_reason', sa.String(length=30), nullable=True),
    sa.Column('converted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('expires_at > held_at', name=op.f('ck_hold_expires_after_held')),
    sa.ForeignKeyConstraint(['held_by'], ['worker.id'], name=op.f('fk_hold_held_by_worker')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_hold_household_id_household')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_hold_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['search_id'], ['search.id'], name=op.f('fk_hold_search_id_search')),
    sa.ForeignKeyConstraint(['stay_id'], ['stay.id'], name=op.f('fk_hold_stay_id_stay')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_hold_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hold')),
    sa.UniqueConstraint('stay_id', name=op.f('uq_hold_stay_id'))
    )
    with op.batch_alter_table('hold', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hold_household_id'), ['household_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_hold_unit_id'), ['unit_id'], unique=False)

    op.create_table('void',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('unit_id', sa.Uuid(), nullable=False),
    sa.Column('stay_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.String(length=20), nullable=False),
    sa.Column('notes_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=False),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['recorded_by'], ['worker.id'], name=op.f('fk_void_recorded_by_worker')),
    sa.ForeignKeyConstraint(['stay_id'], ['stay.id'], name=op.f('fk_void_stay_id_stay')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_void_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_void')),
    sa.UniqueConstraint('stay_id', name=op.f('uq_void_stay_id'))
    )
    with op.batch_alter_table('void', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_void_unit_id'), ['unit_id'], unique=False)

    op.create_table('referral',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('hold_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('unit_id', sa.Uuid(), nullable=False),
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Uuid(), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.Uuid(), nullable=True),
    sa.Column('declined_by', sa.String(length=12), nullable=True),
    sa.Column('reason', sa.String(length=30), nullable=True),
    sa.Column('notes_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['answered_by'], ['worker.id'], name=op.f('fk_referral_answered_by_worker')),
    sa.ForeignKeyConstraint(['hold_id'], ['hold.id'], name=op.f('fk_referral_hold_id_hold')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_referral_household_id_household')),
    sa.ForeignKeyConstraint(['made_by'], ['worker.id'], name=op.f('fk_referral_made_by_worker')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_referral_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_referral_provider_id_provider')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_referral_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral')),
    sa.UniqueConstraint('hold_id', name=op.f('uq_referral_hold_id'))
    )
    with op.batch_alter_table('referral', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_referral_household_id'), ['household_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_referral_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_referral_provider_id'), ['provider_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_referral_unit_id'), ['unit_id'], unique=False)

    op.create_table('placement',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.String(length=20), nullable=False),
    sa.Column('referral_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('unit_id', sa.Uuid(), nullable=False),
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('stay_id', sa.Uuid(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('nation', sa.String(length=20), nullable=False),
    sa.Column('occupancy_basis', sa.String(length=30), nullable=False),
    sa.Column('notice_min_days', sa.Integer(), nullable=False),
    sa.Column('licence_days', sa.Integer(), nullable=False),
    sa.Column('policy_version', sa.Integer(), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('licence_starts_on', sa.Date(), nullable=True),
    sa.Column('licence_ends_on', sa.Date(), nullable=True),
    sa.Column('departed_on', sa.Date(), nullable=True),
    sa.Column('destination', sa.String(length=30), nullable=True),
    sa.Column('non_arrival_reason', sa.String(length=20), nullable=True),
    sa.Column('resettlement_worker_id', sa.Uuid(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("state <> 'departed' OR destination IS NOT NULL", name=op.f('ck_placement_departure_has_destination')),
    sa.CheckConstraint('licence_ends_on > licence_starts_on', name=op.f('ck_placement_licence_ends_after_start')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_placement_household_id_household')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_placement_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_placement_provider_id_provider')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_placement_referral_id_referral')),
    sa.ForeignKeyConstraint(['resettlement_worker_id'], ['worker.id'], name=op.f('fk_placement_resettlement_worker_id_worker')),
    sa.ForeignKeyConstraint(['stay_id'], ['stay.id'], name=op.f('fk_placement_stay_id_stay')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_placement_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_placement')),
    sa.UniqueConstraint('reference', name=op.f('uq_placement_reference')),
    sa.UniqueConstraint('referral_id', name=op.f('uq_placement_referral_id')),
    sa.UniqueConstraint('stay_id', name=op.f('uq_placement_stay_id'))
    )
    with op.batch_alter_table('placement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_placement_household_id'), ['household_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_placement_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_placement_provider_id'), ['provider_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_placement_unit_id'), ['unit_id'], unique=False)

    op.create_table('extension',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('placement_id', sa.Uuid(), nullable=False),
    sa.Column('from_ends_on', sa.Date(), nullable=False),
    sa.Column('to_ends_on', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=30), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=False),
    sa.CheckConstraint('to_ends_on > from_ends_on', name=op.f('ck_extension_later_end')),
    sa.ForeignKeyConstraint(['placement_id'], ['placement.id'], name=op.f('fk_extension_placement_id_placement')),
    sa.ForeignKeyConstraint(['recorded_by'], ['worker.id'], name=op.f('fk_extension_recorded_by_worker')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_extension'))
    )
    with op.batch_alter_table('extension', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_extension_placement_id'), ['placement_id'], unique=False)

    op.create_table('reminder',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('placement_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('severity', sa.String(length=10), nullable=False),
    sa.Column('audience', sa.String(length=30), nullable=False),
    sa.Column('legal', sa.Boolean(), nullable=False),
    sa.Column('policy_version', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_by', sa.Uuid(), nullable=True),
    sa.Column('outcome', sa.String(length=20), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['acknowledged_by'], ['worker.id'], name=op.f('fk_reminder_acknowledged_by_worker')),
    sa.ForeignKeyConstraint(['placement_id'], ['placement.id'], name=op.f('fk_reminder_placement_id_placement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder')),
    sa.UniqueConstraint('placement_id', 'kind', 'due_at', 'policy_version', name=op.f('uq_reminder_placement_id_kind_due_at_policy_version'))
    )
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reminder_placement_id'), ['placement_id'], unique=False)
        batch_op.create_index('ix_reminder_state_due_at', ['state', 'due_at'], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(POSTGRESQL_RULE)
    else:
        for when, event in SQLITE_EVENTS.items():
            op.execute(SQLITE_RULE.format(name=OVERLAP, when=when, event=event))
    op.execute("INSERT INTO supply_version (id, version) VALUES (1, 0)")


def downgrade():
    if op.get_bind().dialect.name == "sqlite":
        for when in SQLITE_EVENTS:
            op.execute(f"DROP TRIGGER {OVERLAP}_{when}")
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.drop_index('ix_reminder_state_due_at')
        batch_op.drop_index(batch_op.f('ix_reminder_placement_id'))

    op.drop_table('reminder')
    with op.batch_alter_table('extension', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_extension_placement_id'))

    op.drop_table('extension')
    with op.batch_alter_table('placement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_placement_unit_id'))
        batch_op.drop_index(batch_op.f('ix_placement_provider_id'))
        batch_op.drop_index(batch_op.f('ix_placement_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_placement_household_id'))

    op.drop_table('placement')
    with op.batch_alter_table('referral', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_referral_unit_id'))
        batch_op.drop_index(batch_op.f('ix_referral_provider_id'))
        batch_op.drop_index(batch_op.f('ix_referral_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_referral_household_id'))

    op.drop_table('referral')
    with op.batch_alter_table('void', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_void_unit_id'))

    op.drop_table('void')
    with op.batch_alter_table('hold', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_hold_unit_id'))
        batch_op.drop_index(batch_op.f('ix_hold_household_id'))

    op.drop_table('hold')
    op.drop_table('vault_door')
    with op.batch_alter_table('stay', schema=None) as batch_op:
        batch_op.drop_index('ix_stay_unit_id_live')

    op.drop_table('stay')
    op.drop_table('vault_address')
    with op.batch_alter_table('unit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_unit_supply_version'))
        batch_op.drop_index(batch_op.f('ix_unit_property_id'))

    op.drop_table('unit')
    with op.batch_alter_table('search', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_search_household_id'))

    op.drop_table('search')
    with op.batch_alter_table('property', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_property_provider_id'))

    op.drop_table('property')
    with op.batch_alter_table('perpetrator_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_perpetrator_link_household_id'))

    op.drop_table('perpetrator_link')
    with op.batch_alter_table('area_to_avoid', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_area_to_avoid_household_id'))

    op.drop_table('area_to_avoid')
    with op.batch_alter_table('api_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_api_key_worker_id'))

    op.drop_table('api_key')
    with op.batch_alter_table('worker', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_worker_organisation_id'))

    op.drop_table('worker')
    op.drop_table('provider')
    with op.batch_alter_table('household', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_household_organisation_id'))

    op.drop_table('household')
    op.drop_table('supply_version')
    op.drop_table('outbox_message')
    op.drop_table('organisation')
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_event_subject_id'))
        batch_op.drop_index('ix_audit_event_organisation_id_happened_at')

    op.drop_table('audit_event')
