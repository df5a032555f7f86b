"""The credit record and trading plans, told by events alone: what adds up, and what is found where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carbon_sdk.audit.conduct import ANNULLED, COMPENSATION, STANDING
from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.invariants import violations
from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, address, keccak

RECORD, PLANS, BLOCKS = (address(bytes([i]) * 20) for i in (1, 2, 3))
CONTRACTS: dict[Address, str] = {RECORD: "CreditRecord", PLANS: "TradingPlans", BLOCKS: "BlockTrades"}
ACCOUNT, OTHER, RISK, SUPERVISOR, JUDGE = (address(bytes([i]) * 20) for i in (7, 8, 9, 10, 11))
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2026)
NOW, DAY = 1_800_000_000, 86_400
CAUSE = b"\1" * 32
LACKED, MANIPULATION = 1, 4
KIND = {"points": 20, "countsFor": 30, "restrictions": 1, "barredFor": 10, "appealWithin": 5, "byOfficers": False}
TIERS = tuple({"from": n, "restrictions": b, "ownerRestrictions": 0} for n, b in ((20, 0), (40, 2), (60, 3)))
Told = tuple[Address, str, Mapping[str, Any]]


class Story:
    """Events in a row; each call of `act` is one transaction, a day after the last."""

    def __init__(self) -> None:
        self.fold = Fold(CONTRACTS)
        self.now = NOW
        self.act(
            (RECORD, "ConductKindSet", {"kind": LACKED, "terms": KIND}),
            (RECORD, "ConductKindSet", {"kind": MANIPULATION, "terms": {**KIND, "points": 50, "byOfficers": True}}),
            (RECORD, "ReporterAppointed", {"kind": LACKED, "reporter": BLOCKS}),
            (RECORD, "TiersSet", {"tiers": TIERS}),
        )

    def act(self, *events: Told) -> State:
        self.now += DAY
        for i, (at, name, args) in enumerate(events):
            position = Position(self.now, i, f"0x{self.now:064x}")
            self.fold.apply(Event(CONTRACTS[at], name, args, at, self.now, position))
        self.fold.close_transaction()
        return self.fold.state

    def entered(self, number: int = 1, **changes: object) -> Told:
        """An entry of the next transaction."""
        at = self.now + DAY
        terms = {
            "kind": LACKED,
            "state": STANDING,
            "points": 20,
            "restrictions": 1,
            "at": at,
            "countsUntil": at + 30 * DAY,
            "barredUntil": at + 10 * DAY,
            "appealUntil": at + 5 * DAY,
            "compensates": 0,
            "reporter": BLOCKS,
            "confirmer": ZERO_ADDRESS,
            "cause": CAUSE,
            **changes,
        }
        return RECORD, "ConductEntered", {"account": ACCOUNT, "entry": number, "kind": terms["kind"], "terms": terms}

    def found(self) -> list[str]:
        # Failed settlements are told by the blocks' events, which this story leaves out.
        return [said for name, said in violations(self.fold.state) if not name.startswith("failed_settlements")]


FIRST = NOW + 2 * DAY  # of a story's first act


def changed(score: int, tier: int, restrictions: int, until: int = 0, source: Address = ZERO_ADDRESS) -> Told:
    args = {"account": ACCOUNT, "score": score, "tier": tier, "restrictions": restrictions, "source": source}
    return RECORD, "CreditChanged", {**args, "lapsing": restrictions, "lapseAt": until}


def test_record__as_the_entries_give_it__adds_up_and_decays() -> None:
    story = Story()
    story.act(story.entered(), changed(20, 1, 1, FIRST + 10 * DAY))
    story.act(story.entered(2), changed(40, 2, 3, FIRST + 30 * DAY))
    story.now += 8 * DAY
    story.act(changed(40, 2, 3, FIRST + 30 * DAY))
    story.now += 19 * DAY
    story.act(changed(20, 1, 0))
    assert story.found() == []
    assert len(story.fold.state.conduct.standings[ACCOUNT].entries) == 2


def test_record__told_otherwise_than_the_entries_give__is_found() -> None:
    for wrong in ((19, 1, 1), (20, 2, 1), (20, 1, 0)):
        story = Story()
        story.act(story.entered(), changed(*wrong))
        assert any("its entries give (20, 1, 1)" in said for said in story.found()), wrong


def test_a_bar__told_to_end_at_another_time__is_found() -> None:
    for until in (0, FIRST + 10 * DAY - 1, FIRST + 30 * DAY):
        story = Story()
        story.act(story.entered(), changed(20, 1, 1, until))
        assert any(f"its entries give (1, {FIRST + 10 * DAY})" in said for said in story.found()), until


def test_entries__joined__count_together__and_only_where_there_are_too_many() -> None:
    story = Story()
    joined = (RECORD, "EntriesJoined", {"account": ACCOUNT, "left": 2, "into": 1})
    small = {**KIND, "points": 1, "restrictions": 0, "barredFor": 0}
    story.act((RECORD, "ConductKindSet", {"kind": LACKED, "terms": small}))
    for number in range(1, 33):
        story.now -= DAY * (number > 1)  # all at one time
        told = story.entered(number, points=1, restrictions=0, barredUntil=story.now + DAY)
        story.act(told, changed(number, int(number >= 20), 0))
    assert story.found() == []
    story.now -= DAY
    last = story.entered(33, points=1, restrictions=0, barredUntil=story.now + DAY)
    state = story.act(last, joined, changed(33, 1, 0))
    assert story.found() == []
    assert state.conduct.standings[ACCOUNT].shares[1].entries == {1, 2}
    story.act((RECORD, "EntriesJoined", {"account": ACCOUNT, "left": 4, "into": 3}))
    assert any("has 32 shares" in said for said in story.found())
    story.act(joined)
    assert any("has not both shares 2 and 1" in said for said in story.found())


def test_tiers__of_which_a_higher_forbids_less__are_found() -> None:
    story = Story()
    tiers = tuple({"from": n, "restrictions": b, "ownerRestrictions": 0} for n, b in ((20, 1), (40, 2), (60, 3)))
    story.act((RECORD, "TiersSet", {"tiers": tiers}))
    assert any("from 20 on forbids what that from 40 on does not" in said for said in story.found())


def test_entries__on_other_terms_than_their_kinds__are_found() -> None:
    for change in ({"points": 1}, {"restrictions": 0}, {"countsUntil": NOW}, {"appealUntil": NOW}):
        story = Story()
        story.act(story.entered(**change))
        assert any("the kind has" in said for said in story.found()), change


def test_entries__by_who_was_not_appointed_or_one_officer_alone__are_found() -> None:
    story = Story()
    story.act(story.entered(reporter=OTHER), changed(20, 1, 1))
    assert any("not appointed" in said for said in story.found())
    story = Story()
    accused = {"id": 1, "account": ACCOUNT, "kind": MANIPULATION, "accuser": RISK, "cause": CAUSE}
    story.act((RECORD, "Accused", accused))
    story.act(story.entered(kind=MANIPULATION, points=50, reporter=RISK, confirmer=SUPERVISOR), changed(50, 2, 3))
    assert any("without two officers" in said for said in story.found())
    story = Story()
    story.act((RECORD, "Accused", accused))
    story.act((RECORD, "AccusationEnded", {"id": 1, "state": 2, "officer": RISK, "reasons": CAUSE}))
    assert any("its own" in said for said in story.found())


def test_appeals__decided_by_a_third__compensate_and_are_checked() -> None:
    story = Story()
    story.act(story.entered(), changed(20, 1, 1, FIRST + 10 * DAY))
    appealed = {"account": ACCOUNT, "entry": 1, "key": ACCOUNT, "grounds": CAUSE}
    story.act((RECORD, "EntryAppealed", appealed))
    counted = story.fold.state.conduct.standings[ACCOUNT].entries[0].counts_until
    takes_back = story.entered(2, state=COMPENSATION, compensates=1, countsUntil=counted, reporter=JUDGE, appealUntil=0)
    annulled = {"account": ACCOUNT, "entry": 1, "compensation": 2, "officer": JUDGE, "reasons": CAUSE}
    state = story.act(takes_back, (RECORD, "EntryAnnulled", annulled), changed(0, 0, 0))
    assert story.found() == []
    assert [one.state for one in state.conduct.standings[ACCOUNT].entries] == [ANNULLED, COMPENSATION]
    story.act((RECORD, "EntryAppealed", appealed))
    assert any("was in the state" in said for said in story.found())


def test_an_annulment__without_compensation_or_by_the_reporter__is_found() -> None:
    for officer, said_ in ((JUDGE, "without its compensation"), (BLOCKS, "had a part")):
        story = Story()
        story.act(story.entered(), changed(20, 1, 1))
        story.act((RECORD, "EntryAppealed", {"account": ACCOUNT, "entry": 1, "key": ACCOUNT, "grounds": CAUSE}))
        annulled = {"account": ACCOUNT, "entry": 1, "compensation": 2, "officer": officer, "reasons": CAUSE}
        story.act((RECORD, "EntryAnnulled", annulled), changed(0, 0, 0))
        assert any(said_ in said for said in story.found())


def test_failed_settlements__that_nobody_entered__are_found() -> None:
    story = Story()
    story.act((BLOCKS, "SettlementFailed", {"id": CAUSE, "account": ACCOUNT, "fault": 2}))
    names = [said for name, said in violations(story.fold.state) if name.startswith("failed_settlements")]
    assert names == [f"{ACCOUNT}: 1 + 0 settlements failed, 0 + 0 were entered"]
    story.act(story.entered(), changed(20, 1, 1))
    assert not [name for name, _ in violations(story.fold.state) if name.startswith("failed_settlements")]


# TRADING PLANS

PERIOD = {"instrument": UNITS, "year": 2026, "quarter": 0}
PLAN = {"toBuy": 5, "toSell": 0, "leastPrice": 1, "greatestPrice": 2, "document": bytes(32)}


def plan(name: str, version: int, **more: object) -> Told:
    args = {"account": ACCOUNT, "instrument": UNITS, "period": PERIOD, "version": version, "key": ACCOUNT, **more}
    return PLANS, name, args


def commitment(salt: bytes) -> bytes:
    numbers = (int(ACCOUNT, 16), int(UNITS), 2026, 0, 5, 0, 1, 2)
    return keccak(b"".join(number.to_bytes(32, "big") for number in numbers) + bytes(32) + salt)


def test_plans__published_committed_and_opened__are_checked() -> None:
    story, salt = Story(), b"\5" * 32
    story.act(plan("PlanPublished", 1, plan=PLAN))
    story.act(plan("PlanCommitted", 2, commitment=commitment(salt), document=bytes(32)))
    state = story.act(plan("PlanOpened", 2, plan=PLAN, salt=salt))
    assert story.found() == []
    assert [one.terms is not None for one in state.plans.filed[ACCOUNT, int(UNITS), 2026, 0]] == [True, True]
    story.act(plan("PlanOpened", 2, plan=PLAN, salt=salt))
    assert any("committed itself to no version" in said for said in story.found())


def test_plans__opened_otherwise_or_out_of_order__are_found() -> None:
    story = Story()
    story.act(plan("PlanCommitted", 1, commitment=commitment(b"\5" * 32), document=bytes(32)))
    story.act(plan("PlanOpened", 1, plan={**PLAN, "toBuy": 6}, salt=b"\5" * 32))
    assert any("opened another plan" in said for said in story.found())
    story.act(plan("PlanPublished", 3, plan=PLAN))
    assert any("comes after 1" in said for said in story.found())
