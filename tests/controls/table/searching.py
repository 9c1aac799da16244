"""What search must not know, and what a fault must not make of an answer."""

from __future__ import annotations

from tests.controls.control import Change, Control
from tests.controls.threats import Threat

SEARCHES, JUDGEMENT = "placement/searches.py", "placement/judgement.py"
AREA_VERDICTS, GEOCODING = "placement/area_verdicts.py", "geo/geocoding.py"
NON_INTERFERENCE = "tests/integration/test_non_interference.py"
NEVER_BLIND, FAULTS = "tests/integration/test_never_blind.py", "tests/integration/test_faults.py"

SUPPLY_READ = "    supply = engine.index.current(uow.session, uow.now)\n    result = match(\n"
VAULT_OPENED = """    supply = engine.index.current(uow.session, uow.now)
    from accommodation.vault import read_point

    exact = engine.atlas.partition.centroids.copy()

    for property_id, place in supply.property_of.items():
        point = read_point(uow, property_id)
        cells = set(supply["cell"][supply["property"] == place].tolist())
"""
EXACT_VERDICT = """        for area_id, sealed in list_sealed_areas(uow, household.id, request.needed_on):
            from accommodation.sealing import open_sealed
            from geo.areas import parse_area

            facts = open_sealed(uow.cipher, sealed, "area_to_avoid", "facts_sealed", area_id)
            area = parse_area(facts["geometry"], engine.atlas.gazetteer)
            if area.contains(point.easting, point.northing, point.outward, point.authority_code):
                cell_verdicts[list(cells)] = 2
    result = match(
"""
EXACT_DISTANCE = """        exact[list(cells)] = np.minimum(exact[list(cells)], (point.easting, point.northing))
    result = match(
"""

SEARCHING = (
    Control(
        Threat.PROBING,
        "Search knows cells alone: the verdict of a unit is asked of its exact point instead.",
        (Change(SEARCHES, SUPPLY_READ, VAULT_OPENED + EXACT_VERDICT),),
        (
            f"{NON_INTERFERENCE}::test_two_ends_of_one_cell_are_told_apart_by_no_answer",
            "tests/integration/test_replayed_attack.py::test_without_budgets_an_insider_finds_the_cell_and_nothing_below_it",
        ),
    ),
    Control(
        Threat.PROBING,
        "Distances are measured from the middle of a cell: they are measured from the exact point.",
        (
            Change(SEARCHES, SUPPLY_READ, VAULT_OPENED + EXACT_DISTANCE),
            Change(
                SEARCHES,
                "        _preferences(engine.atlas, request),\n        in_sight",
                "        _preferences(engine.atlas, request, exact),\n        in_sight",
            ),
            Change(
                SEARCHES,
                "def _preferences(atlas: Atlas, request: SearchRequest) -> Preferences:",
                "def _preferences(atlas: Atlas, request: SearchRequest, exact: Any) -> Preferences:",
            ),
            Change(SEARCHES, "anchor.northing, atlas.partition.centroids)", "anchor.northing, exact)"),
        ),
        (f"{NON_INTERFERENCE}::test_two_ends_of_one_cell_are_told_apart_by_no_answer",),
    ),
    Control(
        Threat.PROBING,
        "The modules that search may not import the vault.",
        (
            Change(
                "placement/matching.py",
                "from accommodation.vocabulary import AccommodationType, Freshness, Specialism\n",
                "from accommodation.vault import read_point as read_point\n"
                "from accommodation.vocabulary import AccommodationType, Freshness, Specialism\n",
            ),
        ),
        ("tests/architecture/test_imports.py::test_every_import_contract_is_kept",),
    ),
    Control(
        Threat.PROBING,
        "A property of special risk is filed in its county, not in its cell.",
        (
            Change(
                "accommodation/filing.py",
                "partition.codes[partition.county_of(cell) if special_risk else cell]",
                "partition.codes[cell]",
            ),
        ),
        ("tests/integration/test_filing.py::test_search_knows_the_county_of_a_property_of_special_risk_and_nothing_finer",),
    ),
    Control(
        Threat.NEVER_BLIND,
        "A fault while an area is placed costs the answer: it is passed over as if there were no such area.",
        (
            Change(
                AREA_VERDICTS,
                "            np.maximum(gravest, self._of_one(cipher, area_id, sealed), out=gravest)\n",
                "            try:\n"
                "                np.maximum(gravest, self._of_one(cipher, area_id, sealed), out=gravest)\n"
                "            except Exception:\n"
                "                continue\n",
            ),
        ),
        (
            f"{FAULTS}::test_a_gazetteer_that_fails_costs_the_answer",
            f"{FAULTS}::test_an_area_that_does_not_open_costs_the_answer",
        ),
    ),
    Control(
        Threat.NEVER_BLIND,
        "A gazetteer is checked, byte by byte, before it is believed.",
        (
            Change(
                "geo/gazetteer_file.py",
                '    if whole and zlib.crc32(memoryview(mapped)[offset:]) != header["payload_crc"]:\n'
                "        raise GazetteerCorrupt()\n",
                "",
            ),
        ),
        (
            f"{NEVER_BLIND}::test_a_damaged_gazetteer_clears_nothing",
            "tests/unit/geo/test_gazetteer.py::test_a_file_with_one_byte_changed_is_corrupt",
        ),
    ),
    Control(
        Threat.NEVER_BLIND,
        "A unit whose cell is of another table is under review: it is called clear.",
        (
            Change(
                JUDGEMENT,
                "np.where(cell < 0, np.uint8(REVIEW), self.cell_verdicts[cell])",
                "np.where(cell < 0, np.uint8(0), self.cell_verdicts[cell])",
            ),
        ),
        (
            f"{FAULTS}::test_a_unit_of_another_partition_of_cells_is_never_clear",
            "tests/unit/placement/test_eligibility.py::test_a_unit_whose_cell_is_unknown_is_never_clear",
        ),
    ),
    Control(
        Threat.NEVER_BLIND,
        "A look-up of a street that fails is a refusal: the middle of London stands for the address instead.",
        (
            Change(
                GEOCODING,
                "        if not answer:\n            raise GeocoderUnavailable()\n",
                "        if not answer:\n"
                '            return Location("", (51.5, -0.1), {"boundingbox": [51.4, 51.5, -0.11, -0.1]})\n',
            ),
            Change(
                GEOCODING, "MAX_ADDRESS_UNCERTAINTY_METRES: Final = 5_000.0", "MAX_ADDRESS_UNCERTAINTY_METRES: Final = 5e6"
            ),
        ),
        (f"{NEVER_BLIND}::test_a_street_geocoder_at_fault_clears_nothing",),
    ),
    Control(
        Threat.NEVER_BLIND,
        "Nobody is searched for until areas are recorded, or somebody has stated that there are none.",
        (
            Change(
                SEARCHES,
                "    if not areas and household.no_areas_statement_sealed is None:\n        raise NoAreasRecorded\n",
                "",
            ),
        ),
        (
            "tests/integration/test_case.py::"
            "test_nobody_can_be_searched_for_until_somebody_said_where_he_is_or_that_he_is_nowhere",
        ),
    ),
    Control(
        Threat.NEVER_BLIND,
        "A database that is set back makes the supply be read again: what is remembered counts on.",
        (
            Change(
                "placement/index.py",
                "base = picture if picture.version < version else _nothing()",
                "base = picture",
            ),
        ),
        ("tests/integration/test_index.py::test_a_restored_backup_makes_the_index_read_everything_again",),
    ),
    Control(
        Threat.NEVER_BLIND,
        "A need that nobody has asked about makes a place one to confirm, never a match.",
        (Change(JUDGEMENT, '        verdicts[self.any_of("unknown")] = 1\n', ""),),
        ("tests/integration/test_retention.py::test_prefers_not_to_say_is_an_answer_that_is_kept_and_never_makes_a_match",),
    ),
)
