// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { CreditRecord } from "../../../contracts/registry/CreditRecord.sol";
import { Governed } from "../../../contracts/governance/Governed.sol";
import { ICreditRecord } from "../../../contracts/registry/ICreditRecord.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { IStakeholderRegistry } from "../../../contracts/registry/IStakeholderRegistry.sol";
import { AccountKind, AccountStatus, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { Misconduct } from "../../../contracts/types/Conduct.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { RegistrySuite } from "../support/RegistrySuite.sol";

/// @dev The real registries and ledger; this test is the module that reports, `risk` accuses, `supervisor` confirms.
contract CreditRecordTest is RegistrySuite {
    uint8 private constant FREE = 64; // a kind of the regulator's own: counts, bars from nothing
    address private risk = address(0x2151);
    address private supervisor = address(0x5A9E);
    address private account;
    address private other;

    function setUp() public {
        setUpRegistry();
        permit(address(credit), CreditRecord.setKind.selector, Roles.REGULATOR);
        permit(address(credit), CreditRecord.setTiers.selector, Roles.REGULATOR);
        permit(address(credit), CreditRecord.decideAppeal.selector, Roles.REGULATOR);
        permit(address(credit), CreditRecord.accuse.selector, Roles.RISK_MANAGER);
        permit(address(credit), CreditRecord.withdrawAccusation.selector, Roles.RISK_MANAGER);
        permit(address(credit), CreditRecord.confirmAccusation.selector, Roles.SERVICE_REGULATOR);
        permit(address(credit), CreditRecord.dismissAccusation.selector, Roles.SERVICE_REGULATOR);
        grant(Roles.RISK_MANAGER, risk);
        grant(Roles.SERVICE_REGULATOR, supervisor);
        account = open(ALICE, AccountKind.TRADER);
        other = open(BOB, AccountKind.TRADER);
        credit.appointReporter(Misconduct.LACKED, address(this));
        credit.appointReporter(FREE, address(this));
        ICreditRecord.KindTerms memory lacked = kind(10, 100, 0, 0, 14);
        ICreditRecord.KindTerms memory manipulation = kind(50, 365, Restrictions.NO_TRADE, 30, 14);
        manipulation.byOfficers = true;
        vm.startPrank(regulator);
        credit.setKind(Misconduct.LACKED, lacked);
        credit.setKind(FREE, kind(1, 10, 0, 0, 0));
        credit.setKind(Misconduct.MANIPULATION, manipulation);
        credit.setTiers(tiers());
        vm.stopPrank();
    }

    function kind(uint16 points, uint16 countsFor, uint16 restrictions, uint16 barredFor, uint16 appealWithin)
        private
        pure
        returns (ICreditRecord.KindTerms memory)
    {
        return ICreditRecord.KindTerms(points, countsFor, restrictions, barredFor, appealWithin, false);
    }

    /// @dev B from 10 without consequence, C from 20 bars from trade, D from 60 from transfers too, and its owner from trade.
    function tiers() private pure returns (ICreditRecord.TierTerms[3] memory t) {
        t[0] = ICreditRecord.TierTerms(10, 0, 0);
        t[1] = ICreditRecord.TierTerms(20, Restrictions.NO_TRADE, 0);
        t[2] = ICreditRecord.TierTerms(60, Restrictions.NO_TRADE | Restrictions.NO_TRANSFER, Restrictions.NO_TRADE);
    }

    function lack(address of_) private returns (uint32) {
        return credit.report(of_, Misconduct.LACKED, "block");
    }

    function assertCredit(address of_, uint256 score, ICreditRecord.CreditTier tier, uint256 restrictions)
        private
        view
    {
        ICreditRecord.CreditStanding memory s = credit.standingOf(of_);
        assertEq(s.score, score, "score");
        assertEq(uint8(s.tier), uint8(tier), "tier");
        assertEq(s.restrictions, restrictions, "restrictions");
        assertEq(ledger.eligibilityOf(of_).restrictions, restrictions, "in the ledger's word");
        (uint32 now_, ICreditRecord.CreditTier tierNow, uint16 bits) = credit.creditOf(of_);
        assertEq(now_, score, "score now");
        assertEq(uint8(tierNow), uint8(tier), "tier now");
        assertEq(bits, restrictions, "restrictions now");
    }

    /* ENTRIES */

    // @requirement R-TRD-7 misconduct enters at once and is consulted by the next transaction
    function test_report_thresholdReached_barsInTheSameTransaction() public {
        vm.expectEmit(address(credit));
        emit ICreditRecord.CreditChanged(account, 10, ICreditRecord.CreditTier.B, 0, 0, 0, address(0));
        assertEq(lack(account), 1);
        assertCredit(account, 10, ICreditRecord.CreditTier.B, 0);
        assertEq(ledger.actingFor(alice, Rights.TRADE, Restrictions.NO_TRADE), account);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.ConductRestrictionsChanged(
            account, Restrictions.NO_TRADE, Restrictions.NO_TRADE, NOW + 100 days, keccak256("credit record")
        );
        assertEq(lack(account), 2);
        assertCredit(account, 20, ICreditRecord.CreditTier.C, Restrictions.NO_TRADE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector, account, Restrictions.NO_TRADE, Restrictions.NO_TRADE
            )
        );
        ledger.actingFor(alice, Rights.TRADE, Restrictions.NO_TRADE);
        ICreditRecord.ConductEntry memory e = credit.entryOf(account, 2);
        assertEq(e.kind, Misconduct.LACKED);
        assertEq(uint8(e.state), uint8(ICreditRecord.EntryState.STANDING));
        assertEq(e.points, 10);
        assertEq(e.at, NOW);
        assertEq(e.countsUntil, NOW + 100 days);
        assertEq(e.appealUntil, NOW + 14 days);
        assertEq(e.reporter, address(this));
        assertEq(e.confirmer, address(0));
        assertEq(e.cause, "block");
        assertCredit(other, 0, ICreditRecord.CreditTier.A, 0);
    }

    function test_report_byAnother_refused() public {
        vm.prank(risk);
        vm.expectRevert(
            abi.encodeWithSelector(ICreditRecord.NotTheReporter.selector, risk, Misconduct.LACKED, address(this))
        );
        credit.report(account, Misconduct.LACKED, "block");
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditRecord.NotTheReporter.selector, address(this), Misconduct.DEFAULTED_BID, address(0)
            )
        );
        credit.report(account, Misconduct.DEFAULTED_BID, "nobody reports it yet");
    }

    // A module's own act must not fail for want of rules
    function test_report_kindWithoutTerms_entersWithoutCounting() public {
        credit.appointReporter(Misconduct.LATE_SURRENDER, address(this));
        assertEq(credit.report(account, Misconduct.LATE_SURRENDER, "2021"), 1);
        assertCredit(account, 0, ICreditRecord.CreditTier.A, 0);
        assertEq(credit.countingOf(account).length, 0);
    }

    // Nobody escapes what a report is part of by being barred, or by closing the account.
    function test_report_ofABarredAndAClosedAccount_entersAndBars() public {
        vm.startPrank(regulator);
        registry.setAccountRules(IStakeholderRegistry.AccountRules(0, 7 days));
        registry.setRestrictions(other, Restrictions.ALL, "order");
        registry.suspend(other, "inquiry");
        vm.startPrank(officer);
        registry.announceClosing(account, "leaves");
        vm.warp(NOW + 7 days);
        registry.close(account, new uint256[](0), "leaves");
        vm.stopPrank();
        for (uint32 i = 1; i <= 40; ++i) {
            assertEq(lack(account), i, "closed");
            assertEq(lack(other), i, "barred");
        }
        (, ICreditRecord.CreditTier tier,) = credit.creditOf(account);
        assertEq(uint8(tier), uint8(ICreditRecord.CreditTier.D));
        assertTrue(ledger.eligibilityOf(account).status == AccountStatus.CLOSED, "stays closed");
    }

    // What displaces the least, so it once was, made the score of an account with many entries too low.
    function test_report_manyEntries_boundedAndNoneForgotten() public {
        for (uint32 i; i < 32; ++i) {
            credit.report(account, FREE, "small");
        }
        vm.expectEmit(address(credit));
        emit ICreditRecord.EntriesJoined(account, 2, 1);
        credit.report(account, FREE, "small");
        for (uint256 i; i < 40; ++i) {
            lack(account);
        }
        assertEq(credit.countingOf(account).length, 32);
        (uint32 score, ICreditRecord.CreditTier tier,) = credit.creditOf(account);
        assertEq(score, 433, "33 small ones, 40 of ten");
        assertEq(uint8(tier), uint8(ICreditRecord.CreditTier.D));
        assertEq(credit.standingOf(account).entries, 73, "all are kept");
        vm.warp(NOW + 10 days);
        (score,,) = credit.creditOf(account);
        assertEq(score, 400, "equal ends were joined: exact");
        vm.warp(NOW + 100 days);
        credit.refresh(account);
        assertCredit(account, 0, ICreditRecord.CreditTier.A, 0);
        assertEq(credit.countingOf(account).length, 0);
    }

    function test_decideAppeal_ofAJoinedEntry_takesItsPointsBack() public {
        for (uint256 i; i < 40; ++i) {
            lack(account);
        }
        for (uint32 number = 1; number <= 40; ++number) {
            vm.prank(alice);
            credit.appeal(number, "grounds");
            vm.prank(regulator);
            credit.decideAppeal(account, number, true, "true");
            (uint32 score,,) = credit.creditOf(account);
            assertEq(score, 400 - 10 * number);
        }
        assertEq(credit.countingOf(account).length, 0);
        assertCredit(account, 0, ICreditRecord.CreditTier.A, 0);
    }

    function test_decideAppeal_afterItsShareHasCeased_changesNothing() public {
        vm.prank(regulator);
        credit.setKind(Misconduct.LACKED, kind(10, 1, 0, 0, 14));
        for (uint256 i; i < 33; ++i) {
            lack(account);
        }
        vm.warp(NOW + 1 days);
        credit.refresh(account);
        vm.startPrank(alice);
        credit.appeal(2, "grounds");
        vm.startPrank(regulator);
        credit.decideAppeal(account, 2, true, "true");
        vm.stopPrank();
        assertCredit(account, 0, ICreditRecord.CreditTier.A, 0);
    }

    /// @dev Any entries at any times, also annulled ones: never less than a plain sum says, exact up to 32, 32 shares at most.
    function testFuzz_score_anyEntries_neverTooLow(uint256 seed, uint8 count) public {
        uint256 n = 1 + count % 80;
        uint256 time = NOW; // the compiler takes the block's for constant
        uint256[] memory ends = new uint256[](n);
        uint256[] memory points = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(time += seed % 2 days);
            (points[i], ends[i]) = (1 + (seed >> 8) % 20, 1 + (seed >> 16) % 60);
            vm.prank(regulator);
            credit.setKind(FREE, kind(uint16(points[i]), uint16(ends[i]), 0, 0, 100));
            ends[i] = time + ends[i] * 1 days;
            credit.report(account, FREE, "any");
            if (seed >> 32 & 7 == 0) {
                uint32 number = credit.standingOf(account).entries;
                vm.prank(alice);
                credit.appeal(number, "grounds");
                vm.prank(regulator);
                credit.decideAppeal(account, number, true, "true");
                points[i] = 0;
            }
            uint256 plain;
            for (uint256 j; j <= i; ++j) {
                if (time < ends[j]) plain += points[j];
            }
            (uint32 score,,) = credit.creditOf(account);
            assertGe(score, plain, "too low");
            if (n <= 32) assertEq(score, plain, "not exact");
            assertLe(credit.countingOf(account).length, 32, "bounded");
        }
        vm.warp(time + 61 days);
        (uint32 end,,) = credit.creditOf(account);
        assertEq(end, 0, "all decays");
    }

    /// @dev The dearest report: 33 shares that bar differently.
    function test_report_worstCase_costIsBounded() public {
        for (uint256 i; i < 32; ++i) {
            vm.prank(regulator);
            credit.setKind(FREE, kind(uint16(i + 1), uint16(100 + i), Restrictions.NO_TRADE, uint16(50 + i), 0));
            credit.report(account, FREE, "x");
        }
        uint256 before = gasleft();
        credit.report(account, FREE, "x");
        assertLe(before - gasleft(), 1_000_000, "gas");
    }

    /* A BAR ENDS BY ITSELF */

    function mayDeal(address key) private view returns (bool) {
        try ledger.actingFor(key, Rights.TRADE, Restrictions.NO_TRADE) returns (address) {
            return true;
        } catch {
            return false;
        }
    }

    // It once stood until somebody called refresh
    function test_bar_whenItsTimeIsOver_endsInTheRead() public {
        lack(account);
        vm.warp(NOW + 1 days);
        lack(account);
        assertEq(credit.standingOf(account).lapseAt, NOW + 100 days, "then only ten are left");
        vm.warp(NOW + 100 days - 1);
        assertFalse(mayDeal(alice));
        vm.warp(NOW + 100 days);
        assertTrue(mayDeal(alice), "nobody refreshed");
        assertEq(ledger.eligibilityOf(account).restrictions, 0);
        assertTrue(ledger.canSend(account));
        credit.refresh(account);
        assertCredit(account, 10, ICreditRecord.CreditTier.B, 0);
        assertTrue(mayDeal(alice));
    }

    // Another entry prolongs what stands
    function test_bar_anotherEntry_endsLater() public {
        lack(account);
        lack(account);
        vm.warp(NOW + 50 days);
        lack(account);
        lack(account);
        vm.warp(NOW + 100 days);
        assertFalse(mayDeal(alice));
        vm.warp(NOW + 150 days);
        assertTrue(mayDeal(alice));
    }

    function test_bar_theRegulatorsOrAClosedCapability_doesNotEndWithIt() public {
        lack(account);
        lack(account);
        vm.prank(regulator);
        registry.setRestrictions(account, Restrictions.NO_TRADE, CAUSE);
        vm.warp(NOW + 100 days);
        assertFalse(mayDeal(alice));
        assertEq(ledger.eligibilityOf(account).restrictions, Restrictions.NO_TRADE);
        vm.prank(regulator);
        registry.setRestrictions(account, 0, CAUSE);
        assertTrue(mayDeal(alice), "what the record had is over");
        vm.prank(regulator);
        registry.setCapabilities(account, 1, CAUSE);
        assertFalse(mayDeal(alice));
    }

    // What is told of the account meanwhile does not make it stand for ever
    function test_bar_otherNewsOfTheAccount_endsAllTheSame() public {
        lack(account);
        lack(account);
        setOwner(account, 9);
        (uint16 lapsing, uint40 at) = registry.conductLapseOf(account);
        assertEq(lapsing, Restrictions.NO_TRADE);
        assertEq(at, NOW + 100 days);
        vm.warp(NOW + 100 days - 1);
        assertFalse(mayDeal(alice));
        vm.warp(NOW + 100 days);
        assertTrue(mayDeal(alice));
    }

    function test_setLapse_byAnother_refused() public {
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, address(this), address(registry)));
        ledger.setLapse(account, 1, 1);
    }

    /// @dev Whatever bars and counts: never forbidden less than the record says now, and free when the record says free.
    function testFuzz_bar_anyEntries_asLongAsTheRecordSays(uint256 seed, uint8 count) public {
        uint256 n = 1 + count % 40;
        uint256 time = NOW;
        for (uint256 i; i < n; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint16 bars = uint16(seed & 0xf);
            vm.prank(regulator);
            credit.setKind(
                FREE,
                kind(
                    uint16(seed >> 4 & 0xf) + 1,
                    uint16(seed >> 8 & 63) + 1,
                    bars,
                    bars == 0 ? 0 : 1 + uint16(seed >> 14 & 31),
                    0
                )
            );
            credit.report(account, FREE, "any");
            vm.warp(time += (seed >> 20 & 3) * 1 days + (seed >> 22 & 1));
            _assertHeld();
        }
        for (uint256 i; i < 66; ++i) {
            vm.warp(time += 1 days);
            _assertHeld();
        }
        assertEq(ledger.eligibilityOf(account).restrictions, 0, "free at last");
    }

    function _assertHeld() private view {
        (,, uint16 due) = credit.creditOf(account);
        uint16 held = ledger.eligibilityOf(account).restrictions;
        assertEq(due & ~held, 0, "too little");
        if (due == 0) assertEq(held, 0, "too long");
    }

    // Each source of restrictions stands for itself
    function test_restrictions_ofRegulatorAndConduct_areApart() public {
        vm.prank(regulator);
        registry.setRestrictions(account, Restrictions.NO_RECEIPT, CAUSE);
        lack(account);
        lack(account);
        assertEq(ledger.eligibilityOf(account).restrictions, Restrictions.NO_RECEIPT | Restrictions.NO_TRADE);
        vm.prank(regulator);
        registry.setRestrictions(account, 0, CAUSE);
        assertEq(ledger.eligibilityOf(account).restrictions, Restrictions.NO_TRADE);
        assertEq(registry.accountRecordOf(account).conductRestrictions, Restrictions.NO_TRADE);
    }

    function test_restrictForConduct_byAnother_refused() public {
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, address(this), address(credit)));
        registry.restrictForConduct(account, 0, 0, 0, CAUSE);
    }

    /* DECAY */

    function test_refresh_whenPointsHaveDecayed_lifts() public {
        lack(account);
        vm.warp(NOW + 1 days);
        lack(account);
        vm.warp(NOW + 100 days - 1);
        credit.refresh(account);
        assertCredit(account, 20, ICreditRecord.CreditTier.C, Restrictions.NO_TRADE);
        vm.warp(NOW + 100 days);
        (uint32 score,, uint16 bits) = credit.creditOf(account);
        assertEq(score, 10, "now");
        assertEq(bits, 0);
        assertEq(credit.standingOf(account).score, 20, "not yet written down");
        vm.prank(stranger);
        credit.refresh(account);
        assertCredit(account, 10, ICreditRecord.CreditTier.B, 0);
        vm.warp(NOW + 101 days);
        credit.refresh(account);
        assertCredit(account, 0, ICreditRecord.CreditTier.A, 0);
        assertEq(credit.countingOf(account).length, 0);
        vm.recordLogs();
        credit.refresh(account);
        assertEq(vm.getRecordedLogs().length, 0, "nothing has changed");
    }

    function test_setTiers_thenRefresh_applies() public {
        lack(account);
        ICreditRecord.TierTerms[3] memory t = tiers();
        t[0].restrictions = Restrictions.NO_TRANSFER;
        t[1].restrictions |= Restrictions.NO_TRANSFER;
        vm.prank(regulator);
        credit.setTiers(t);
        credit.refresh(account);
        assertCredit(account, 10, ICreditRecord.CreditTier.B, Restrictions.NO_TRANSFER);
        assertEq(keccak256(abi.encode(credit.tierTerms())), keccak256(abi.encode(t)));
    }

    // An entry keeps the terms on which it was made
    function test_setKind_later_leavesEntries() public {
        lack(account);
        vm.prank(regulator);
        credit.setKind(Misconduct.LACKED, kind(1, 1, 0, 0, 0));
        vm.warp(NOW + 2 days);
        credit.refresh(account);
        assertCredit(account, 10, ICreditRecord.CreditTier.B, 0);
        assertEq(credit.conductKind(Misconduct.LACKED).points, 1);
    }

    /* OFFICERS */

    // @requirement R-TRD-7 confirmed manipulation: two people
    function test_accuse_confirmedByAnother_enters() public {
        vm.prank(risk);
        uint32 id = credit.accuse(account, Misconduct.MANIPULATION, "evidence");
        assertCredit(account, 0, ICreditRecord.CreditTier.A, 0);
        vm.prank(supervisor);
        assertEq(credit.confirmAccusation(id, "seen"), 1);
        assertCredit(account, 50, ICreditRecord.CreditTier.C, Restrictions.NO_TRADE);
        ICreditRecord.ConductEntry memory e = credit.entryOf(account, 1);
        assertEq(e.reporter, risk);
        assertEq(e.confirmer, supervisor);
        assertEq(e.cause, "evidence");
        assertEq(credit.accusationCount(), 1);
        assertEq(uint8(credit.accusationOf(id).state), uint8(ICreditRecord.AccusationState.CONFIRMED));
        vm.prank(supervisor);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditRecord.AccusationNotOpen.selector, id, ICreditRecord.AccusationState.CONFIRMED
            )
        );
        credit.confirmAccusation(id, "again");
    }

    function test_confirmAccusation_bySameOfficer_refused() public {
        grant(Roles.SERVICE_REGULATOR, risk);
        vm.startPrank(risk);
        uint32 id = credit.accuse(account, Misconduct.MANIPULATION, "evidence");
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.SecondOfficerNeeded.selector, risk));
        credit.confirmAccusation(id, "by myself");
        vm.stopPrank();
    }

    function test_accuse_unfit_refused() public {
        vm.startPrank(risk);
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.NotForOfficers.selector, Misconduct.LACKED));
        credit.accuse(account, Misconduct.LACKED, "evidence");
        vm.expectRevert(ICreditRecord.ReasonMissing.selector);
        credit.accuse(account, Misconduct.MANIPULATION, 0);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.UnknownAccount.selector, address(9)));
        credit.accuse(address(9), Misconduct.MANIPULATION, "evidence");
        vm.stopPrank();
    }

    function test_accusation_withdrawnOrDismissed_entersNothing() public {
        address second = address(0x2152);
        grant(Roles.RISK_MANAGER, second);
        vm.startPrank(risk);
        uint32 id = credit.accuse(account, Misconduct.MANIPULATION, "evidence");
        uint32 next = credit.accuse(account, Misconduct.MANIPULATION, "more");
        vm.stopPrank();
        vm.prank(second);
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.NotTheAccuser.selector, second, risk));
        credit.withdrawAccusation(id, "not mine");
        vm.prank(risk);
        credit.withdrawAccusation(id, "an error");
        vm.prank(supervisor);
        credit.dismissAccusation(next, "no evidence");
        assertEq(uint8(credit.accusationOf(id).state), uint8(ICreditRecord.AccusationState.WITHDRAWN));
        assertEq(uint8(credit.accusationOf(next).state), uint8(ICreditRecord.AccusationState.DISMISSED));
        assertEq(credit.standingOf(account).entries, 0);
    }

    function test_restricted_byAStranger_refused() public {
        bytes[] memory calls = new bytes[](8);
        calls[0] = abi.encodeCall(credit.setKind, (1, kind(0, 0, 0, 0, 0)));
        calls[1] = abi.encodeCall(credit.setTiers, (tiers()));
        calls[2] = abi.encodeCall(credit.appointReporter, (1, stranger));
        calls[3] = abi.encodeCall(credit.accuse, (account, 4, "x"));
        calls[4] = abi.encodeCall(credit.withdrawAccusation, (1, "x"));
        calls[5] = abi.encodeCall(credit.confirmAccusation, (1, "x"));
        calls[6] = abi.encodeCall(credit.dismissAccusation, (1, "x"));
        calls[7] = abi.encodeCall(credit.decideAppeal, (account, 1, true, "x"));
        refusedToStranger(address(credit), calls);
    }

    /* APPEAL */

    // Nothing is erased: an entry that compensates says that, when and why it counts no more
    function test_decideAppeal_annulled_compensatesAndLifts() public {
        lack(account);
        lack(account);
        vm.prank(alice);
        credit.appeal(2, "the bank was late");
        assertCredit(account, 20, ICreditRecord.CreditTier.C, Restrictions.NO_TRADE);
        vm.expectEmit(address(credit));
        emit ICreditRecord.EntryAnnulled(account, 2, 3, regulator, "true");
        vm.prank(regulator);
        credit.decideAppeal(account, 2, true, "true");
        assertCredit(account, 10, ICreditRecord.CreditTier.B, 0);
        ICreditRecord.ConductEntry memory e = credit.entryOf(account, 3);
        assertEq(uint8(e.state), uint8(ICreditRecord.EntryState.COMPENSATION));
        assertEq(e.compensates, 2);
        assertEq(e.points, 10);
        assertEq(uint8(credit.entryOf(account, 2).state), uint8(ICreditRecord.EntryState.ANNULLED));
        assertEq(credit.entryOf(account, 2).cause, "block", "it stays");
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditRecord.WrongEntryState.selector, account, 3, ICreditRecord.EntryState.COMPENSATION
            )
        );
        credit.appeal(3, "again");
    }

    function test_decideAppeal_upheld_countsOnAndEndsTheAppeal() public {
        lack(account);
        vm.prank(alice);
        credit.appeal(1, "grounds");
        vm.prank(regulator);
        credit.decideAppeal(account, 1, false, "no");
        assertCredit(account, 10, ICreditRecord.CreditTier.B, 0);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(ICreditRecord.WrongEntryState.selector, account, 1, ICreditRecord.EntryState.UPHELD)
        );
        credit.appeal(1, "again");
    }

    function test_decideAppeal_byWhoTookPart_refused() public {
        grant(Roles.REGULATOR, supervisor);
        grant(Roles.REGULATOR, risk);
        vm.prank(risk);
        uint32 id = credit.accuse(account, Misconduct.MANIPULATION, "evidence");
        vm.prank(supervisor);
        credit.confirmAccusation(id, "seen");
        vm.prank(alice);
        credit.appeal(1, "grounds");
        vm.prank(risk);
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.SecondOfficerNeeded.selector, risk));
        credit.decideAppeal(account, 1, false, "no");
        vm.prank(supervisor);
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.SecondOfficerNeeded.selector, supervisor));
        credit.decideAppeal(account, 1, false, "no");
        vm.prank(regulator);
        vm.expectRevert(ICreditRecord.ReasonMissing.selector);
        credit.decideAppeal(account, 1, true, 0);
    }

    function test_appeal_lateOrByOthers_refused() public {
        lack(account);
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(ICreditRecord.WrongEntryState.selector, other, 1, ICreditRecord.EntryState.NONE)
        );
        credit.appeal(1, "another's"); // his account has no such entry
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.NotTheAppellant.selector, stranger));
        credit.appeal(1, "nobody's");
        addAs(CAROL, account, Rights.READ | Rights.TRADE);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.NotTheAppellant.selector, carol));
        credit.appeal(1, "without the right");
        vm.prank(alice);
        vm.expectRevert(ICreditRecord.ReasonMissing.selector);
        credit.appeal(1, 0);
        vm.warp(NOW + 14 days);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.AppealTooLate.selector, 1, NOW + 14 days));
        credit.appeal(1, "late");
    }

    // Who is suspended may still appeal
    function test_appeal_suspendedAccount_passes() public {
        lack(account);
        vm.prank(regulator);
        registry.suspend(account, CAUSE);
        vm.prank(alice);
        credit.appeal(1, "grounds");
        assertEq(uint8(credit.entryOf(account, 1).state), uint8(ICreditRecord.EntryState.APPEALED));
    }

    /* OWNERS */

    function one(address of_) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = of_;
    }

    function toD() private {
        for (uint256 i; i < 6; ++i) {
            lack(account);
        }
    }

    function setOwner(address of_, uint32 owner) private {
        vm.prank(officer);
        registry.setOwner(of_, owner, CAUSE);
    }

    function test_extend_toTheOwnersOtherAccounts_barsUntilTheSourceIsFree() public {
        setOwner(account, 7);
        setOwner(other, 7);
        toD();
        credit.extend(account, one(other));
        assertCredit(other, 0, ICreditRecord.CreditTier.A, Restrictions.NO_TRADE);
        assertEq(credit.sourceOf(other), account);
        credit.refresh(other); // it still holds
        assertCredit(other, 0, ICreditRecord.CreditTier.A, Restrictions.NO_TRADE);
        vm.warp(NOW + 100 days);
        credit.refresh(other); // also where the source was not refreshed
        assertCredit(other, 0, ICreditRecord.CreditTier.A, 0);
        assertEq(credit.sourceOf(other), address(0));
    }

    function test_extend_ownersPart_lifts() public {
        setOwner(account, 7);
        setOwner(other, 7);
        toD();
        credit.extend(account, one(other));
        setOwner(other, 8);
        credit.refresh(other);
        assertCredit(other, 0, ICreditRecord.CreditTier.A, 0);
    }

    function test_extend_withoutGround_refused() public {
        bytes memory nothing = abi.encodeWithSelector(ICreditRecord.NothingToExtend.selector, account, other);
        toD();
        vm.expectRevert(nothing);
        credit.extend(account, one(other)); // no owner in common
        setOwner(account, 7);
        setOwner(other, 8);
        vm.expectRevert(nothing);
        credit.extend(account, one(other));
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.NothingToExtend.selector, account, account));
        credit.extend(account, one(account));
        setOwner(other, 7);
        vm.warp(NOW + 100 days);
        vm.expectRevert(nothing);
        credit.extend(account, one(other)); // decayed
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.TooManyAccounts.selector, 17, 16));
        credit.extend(account, new address[](17));
    }

    // Nor does one with an equal record that decays sooner
    function test_extend_fromAnEqualSource_keepsTheFirst() public {
        address third = open(CAROL, AccountKind.TRADER);
        setOwner(account, 7);
        setOwner(other, 7);
        setOwner(third, 7);
        for (uint256 i; i < 6; ++i) {
            lack(third);
        }
        vm.warp(NOW + 50 days);
        toD();
        credit.extend(account, one(other));
        credit.extend(third, one(other));
        assertEq(credit.sourceOf(other), account);
        vm.warp(NOW + 100 days);
        credit.refresh(other);
        assertCredit(other, 0, ICreditRecord.CreditTier.A, Restrictions.NO_TRADE);
    }

    // A sibling with a lighter record does not set free whom a heavier one holds
    function test_extend_fromALighterSource_keepsTheHeavier() public {
        address third = open(CAROL, AccountKind.TRADER);
        setOwner(account, 7);
        setOwner(other, 7);
        setOwner(third, 7);
        ICreditRecord.TierTerms[3] memory t = tiers();
        t[1].ownerRestrictions = Restrictions.NO_RECEIPT;
        t[2].ownerRestrictions |= Restrictions.NO_RECEIPT;
        vm.prank(regulator);
        credit.setTiers(t);
        toD();
        lack(third);
        lack(third);
        credit.extend(account, one(other));
        credit.extend(third, one(other));
        assertEq(credit.sourceOf(other), account);
        assertCredit(other, 0, ICreditRecord.CreditTier.A, Restrictions.NO_TRADE | Restrictions.NO_RECEIPT);
    }

    // Where an account's own record forbids as much, it is told all the same from which account it is held
    function test_extend_ontoAnAccountThatIsBarredAnyway_isTold() public {
        setOwner(account, 7);
        setOwner(other, 7);
        toD();
        for (uint256 i; i < 6; ++i) {
            lack(other);
        }
        vm.expectEmit(address(credit));
        emit ICreditRecord.CreditChanged(
            other,
            60,
            ICreditRecord.CreditTier.D,
            Restrictions.NO_TRADE | Restrictions.NO_TRANSFER,
            Restrictions.NO_TRANSFER,
            NOW + 100 days,
            account
        );
        credit.extend(account, one(other));
        setOwner(other, 8);
        vm.expectEmit(address(credit));
        emit ICreditRecord.CreditChanged(
            other,
            60,
            ICreditRecord.CreditTier.D,
            Restrictions.NO_TRADE | Restrictions.NO_TRANSFER,
            Restrictions.NO_TRADE | Restrictions.NO_TRANSFER,
            NOW + 100 days,
            address(0)
        );
        credit.refresh(other);
    }

    // The source's conduct may go on: what comes from it ends when somebody sees that it is free
    function test_bar_fromASource_endsWithRefreshOnly() public {
        setOwner(account, 7);
        setOwner(other, 7);
        toD();
        credit.extend(account, one(other));
        vm.warp(NOW + 100 days);
        assertTrue(mayDeal(alice));
        assertFalse(mayDeal(bob));
        credit.refresh(other);
        assertTrue(mayDeal(bob));
    }

    // A kind that is no longer for officers is not entered by them
    function test_confirmAccusation_kindTakenFromOfficers_refused() public {
        vm.prank(risk);
        uint32 id = credit.accuse(account, Misconduct.MANIPULATION, "evidence");
        vm.prank(regulator);
        credit.setKind(Misconduct.MANIPULATION, kind(50, 365, 0, 0, 14));
        vm.prank(supervisor);
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.NotForOfficers.selector, Misconduct.MANIPULATION));
        credit.confirmAccusation(id, "seen");
    }

    /* DATA */

    function test_setKind_impossible_refused() public {
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.BadConductTerms.selector, 1));
        credit.setKind(0, kind(1, 1, 0, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.BadConductTerms.selector, 1));
        credit.setKind(1, kind(1, 0, 0, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.BadConductTerms.selector, 2));
        credit.setKind(1, kind(1, 1, 16, 1, 0));
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.BadConductTerms.selector, 3));
        credit.setKind(1, kind(1, 1, 1, 0, 0));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ICreditRecord.BadConductTerms.selector, 0));
        credit.appointReporter(0, address(this));
    }

    function test_setTiers_impossible_refused() public {
        for (uint256 i; i < 6; ++i) {
            ICreditRecord.TierTerms[3] memory t = tiers();
            if (i == 0) t[0].from = 0;
            if (i == 1) t[1].restrictions = 16;
            if (i == 2) t[2].ownerRestrictions = 16;
            if (i == 3) t[2].from = t[1].from;
            if (i == 4) t[2].restrictions = Restrictions.NO_TRANSFER; // C's is not among them
            if (i == 5) (t[1].ownerRestrictions, t[2].ownerRestrictions) = (Restrictions.NO_TRADE, 0);
            vm.prank(regulator);
            vm.expectRevert(abi.encodeWithSelector(ICreditRecord.BadConductTerms.selector, i % 3));
            credit.setTiers(t);
        }
    }

    /* WHATEVER HAPPENS */

    /// @dev Reports, time, appeals and annulments in any order: what is written down is what the entries give, and the ledger's
    ///      word says so.
    function testFuzz_record_anyCourse_isTheSumOfWhatCounts(uint256 seed) public {
        for (uint256 i; i < 24; ++i) {
            seed = uint256(keccak256(abi.encode(seed, i)));
            uint256 act = seed % 6;
            uint32 entries = credit.standingOf(account).entries;
            uint32 entry = uint32(bound(seed >> 8, 1, entries + 1));
            if (act < 2) {
                lack(account);
            } else if (act == 2) {
                credit.report(account, FREE, "small");
            } else if (act == 3) {
                vm.warp(block.timestamp + (seed >> 40) % 40 days);
            } else if (act == 4) {
                vm.prank(alice);
                try credit.appeal(entry, "grounds") { } catch { }
            } else {
                vm.prank(regulator);
                try credit.decideAppeal(account, entry, seed >> 99 & 1 == 1, "decision") { } catch { }
            }
        }
        credit.refresh(account);
        uint256 score;
        for (uint32 n = 1; n <= credit.standingOf(account).entries; ++n) {
            ICreditRecord.ConductEntry memory e = credit.entryOf(account, n);
            bool counts = e.state == ICreditRecord.EntryState.STANDING || e.state == ICreditRecord.EntryState.APPEALED
                || e.state == ICreditRecord.EntryState.UPHELD;
            if (counts && block.timestamp < e.countsUntil) score += e.points;
        }
        ICreditRecord.CreditTier tier = ICreditRecord.CreditTier(score < 10 ? 0 : score < 20 ? 1 : score < 60 ? 2 : 3);
        uint256 bits = score < 20 ? 0 : score < 60 ? Restrictions.NO_TRADE : 3;
        assertCredit(account, score, tier, bits);
    }
}
