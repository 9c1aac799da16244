"""How often somebody may ask with something new, and who hears of it."""

from __future__ import annotations

from tests.controls.control import Change, Control
from tests.controls.threats import Threat

SPENDING, HOUSEHOLDS = "placement/spending.py", "placement/households.py"
AREA_CHANGES, BUDGETS = "placement/area_changes.py", "placement/budgets.py"
OF_BUDGETS, OF_CHANGES = "tests/integration/test_budgets.py", "tests/integration/test_area_changes.py"
REPLAYED = (
    "tests/integration/test_replayed_attack.py::test_with_budgets_an_alert_comes_by_the_20th_area_and_the_40th_is_refused"
)

ASKING = (
    Control(
        Threat.PROBING,
        "The lead is alerted by the 20th distinct area: nobody is.",
        (Change(SPENDING, "        if decision.alert:\n", "        if False:\n"),),
        (REPLAYED,),
        cases="one or some",
    ),
    Control(
        Threat.PROBING,
        "The 40th distinct area is refused: none is.",
        (
            Change(
                SPENDING,
                "        if decision.refused_until is not None and (is_raised or not is_open):\n",
                "        if decision.refused_until is not None and False:\n",
            ),
        ),
        (REPLAYED,),
        cases="one or some",
    ),
    Control(
        Threat.PROBING,
        "Two officers of one organisation share its budget: each has one of her own.",
        (
            Change(
                BUDGETS,
                "    Budget(BudgetScope.ORGANISATION, WEEK, alert_at=20, refuse_at=40, per_officer=(15, 30)),\n",
                "    Budget(BudgetScope.ORGANISATION, WEEK, alert_at=200, refuse_at=400, per_officer=(15, 30)),\n",
            ),
        ),
        (REPLAYED, "tests/architecture/test_docs.py::test_the_figures_of_the_budgets_are_those_of_the_policy"),
        cases="two or figures",
    ),
    Control(
        Threat.PROBING,
        "Each new perpetrator's name is counted.",
        (Change(HOUSEHOLDS, "    spend(uow, policy, BudgetKind.PERPETRATOR, household_id, people)\n", ""),),
        (f"{OF_BUDGETS}::test_trying_names_over_many_households_is_told_and_stopped",),
    ),
    Control(
        Threat.PROBING,
        "Each new list of perpetrators of a household is counted: two searches with and without a name are two lists.",
        (Change(HOUSEHOLDS, "    spend(uow, policy, BudgetKind.STATEMENT, household_id, [whole])\n", ""),),
        (f"{OF_BUDGETS}::test_asking_with_one_name_after_another_is_told_and_stopped",),
    ),
    Control(
        Threat.PROBING,
        "An organisation gets four exact answers about a property in 30 days: an area that comes later is not counted.",
        (
            Change(
                AREA_CHANGES, "        spend(uow, policy, BudgetKind.EXACT_BIT, property_id, [bit])\n", "        del bit\n"
            ),
        ),
        (f"{OF_BUDGETS}::test_an_area_that_comes_after_the_hold_or_after_the_referral_is_an_exact_bit_too",),
    ),
    Control(
        Threat.PROBING,
        "An organisation gets four exact answers about a property in 30 days: a referral is not counted.",
        (Change("placement/referrals.py", "    if _asks_exactly(uow, engine, hold, unit):\n", "    if False:\n"),),
        (f"{OF_BUDGETS}::test_inventing_households_buys_no_more_exact_bits_of_a_property",),
    ),
    Control(
        Threat.PROBING,
        "A unit under review is asked about twice for one household at most.",
        (
            Change(
                "placement/holds.py",
                "    if verdict is Verdict.REVIEW and _times_asked(uow, household_id, unit_id) >="
                " REVIEW_QUESTIONS_AT_MOST:\n"
                "        raise AskedTooOften\n",
                "",
            ),
        ),
        ("tests/integration/test_one_bit.py::test_an_answer_about_one_unit_and_household_is_given_twice_at_most",),
    ),
    Control(
        Threat.PROBING,
        "The fourth change to a household's areas in seven days waits for a second worker.",
        (Change(BUDGETS, "    return len(counted) >= policy.changes_alone\n", "    return False\n"),),
        (
            f"{OF_CHANGES}::test_a_fourth_change_that_adds_waits_and_meanwhile_nothing_is_called_clear",
            "tests/unit/placement/test_budgets.py::test_the_fourth_change_in_seven_days_wants_a_second_worker",
        ),
    ),
    Control(
        Threat.PROBING,
        "The second worker is another one: she who asked confirms it herself.",
        (
            Change(
                AREA_CHANGES,
                "    if change.asked_by == uow.principal.worker_id or change.asked_in_role != uow.principal.role:\n",
                "    if change.asked_in_role != uow.principal.role:\n",
            ),
        ),
        (f"{OF_CHANGES}::test_nobody_decides_on_her_own_change",),
    ),
    Control(
        Threat.NEVER_BLIND,
        "While an area waits for a second worker nothing is called clear.",
        (
            Change(
                "placement/searches.py",
                "    if household.pending_area_changes:\n        raise AreaChangePending\n",
                "",
            ),
        ),
        (f"{OF_CHANGES}::test_a_fourth_change_that_adds_waits_and_meanwhile_nothing_is_called_clear",),
    ),
    Control(
        Threat.INVENTED_HOUSEHOLD,
        "Households that one officer records are counted.",
        (Change(HOUSEHOLDS, "    spend(uow, policy, BudgetKind.HOUSEHOLD, household.id, [household.id.hex])\n", ""),),
        (f"{OF_BUDGETS}::test_an_officer_who_invents_households_is_stopped",),
    ),
    Control(
        Threat.INVENTED_HOUSEHOLD,
        "Holds of one officer are counted.",
        (Change("placement/holds.py", "    spend(uow, policy, BudgetKind.HOLD, household.id, [hold_id.hex])\n", ""),),
        (f"{OF_BUDGETS}::test_an_officer_who_holds_one_bed_after_another_is_told_of_and_stopped",),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "Nobody closes an alert about herself.",
        (
            Change(
                "accommodation/alerts.py",
                '    if me == alert.subject_id or str(me) == alert.details.get("worker_id"):\n        raise AboutYourself\n',
                "",
            ),
        ),
        ("tests/integration/test_alerts.py::test_nobody_closes_an_alert_about_herself",),
    ),
)
