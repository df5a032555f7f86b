// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { IMarketRules } from "../../../contracts/market/IMarketRules.sol";
import { MarketRules } from "../../../contracts/market/MarketRules.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { Test } from "../support/Test.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev Officers define calendars, mark days and assign at random, also what is refused; time passes. What a market's day was when
///      somebody first looked is kept.
contract CalendarHandler is Test {
    MarketRules private immutable RULES;
    uint24 public immutable MARKETS;
    uint24 public changes; // that were taken

    mapping(uint24 market => mapping(uint24 day => bytes32)) public begun;

    constructor(MarketRules rules, uint24 markets) {
        RULES = rules;
        MARKETS = markets;
        look();
    }

    function today() public view returns (uint24) {
        return uint24(block.timestamp / 1 days);
    }

    function dayOf(uint24 market) public view returns (bytes32) {
        return keccak256(abi.encode(RULES.sessionsOf(market, today())));
    }

    function look() public {
        for (uint24 market = 1; market <= MARKETS; ++market) {
            if (begun[market][today()] == 0) begun[market][today()] = dayOf(market);
        }
    }

    function draw(uint16 from, uint16 length, uint8 closedOn) external {
        IMarketRules.Session[] memory sessions = new IMarketRules.Session[](2);
        from = uint16(bound(from, 0, 1200));
        length = uint16(bound(length, 1, 200));
        sessions[0] = IMarketRules.Session(1, from, from + length, IOrderBook.MarketState.OPEN);
        sessions[1] = IMarketRules.Session(2, from, from + 1, IOrderBook.MarketState.OPEN);
        uint8[] memory week = new uint8[](7);
        for (uint256 i; i < 7; ++i) {
            week[i] = i == closedOn % 7 ? 0 : uint8(1 + i % 2);
        }
        RULES.defineCalendar("any", week, sessions);
    }

    function mark(uint16 calendar, uint8 ahead, uint8 dayType) external {
        uint24[] memory civilDays = new uint24[](2);
        civilDays[0] = near(ahead);
        civilDays[1] = near(ahead >> 4);
        uint8[4] memory types = [0, 1, 2, 255];
        RULES.setDays(some(calendar), civilDays, types[dayType % 4]);
        ++changes;
    }

    function assign(uint24 market, uint16 calendar, uint8 ahead) external {
        RULES.assignCalendar(uint24(bound(market, 1, MARKETS)), calendar % 5 == 0 ? 0 : some(calendar), near(ahead));
        ++changes;
    }

    function wait_(uint32 time) external {
        vm.warp(block.timestamp + bound(time, 1, 40 hours));
        look();
    }

    /// @dev A day from the one before today to four days ahead.
    function near(uint8 ahead) private view returns (uint24) {
        return today() - 1 + ahead % 6;
    }

    function some(uint16 calendar) private view returns (uint16) {
        return uint16(bound(calendar, 1, RULES.calendarCount()));
    }
}

/// @dev The book keeps until when a phase lasts, and asks no earlier: so a day that has begun must not change.
contract CalendarsInvariantsTest is TradingSuite {
    CalendarHandler private handler;

    function setUp() public {
        setUpTrading();
        handler = new CalendarHandler(marketRules, book.marketCount());
        grant(Roles.ADMINISTRATOR, address(handler));
        handler.draw(480, 120, 6);
        targetContract(address(handler));
    }

    // @requirement R-TRD-10
    function invariant_aDayThatHasBegun_neverChanges() public view {
        uint24 day = handler.today();
        for (uint24 market = 1; market <= handler.MARKETS(); ++market) {
            bytes32 first = handler.begun(market, day);
            assertTrue(first == 0 || first == handler.dayOf(market), "the day under way");
        }
    }

    /// @dev So that the invariant cannot hold for want of changes.
    function test_handler_changesAreTaken() public {
        handler.assign(1, 1, 2);
        handler.mark(1, 0x33, 0);
        assertEq(handler.changes(), 2, "changes");
        bytes32 open = handler.dayOf(1);
        handler.wait_(40 hours);
        assertTrue(handler.dayOf(1) != open, "another day");
    }
}
