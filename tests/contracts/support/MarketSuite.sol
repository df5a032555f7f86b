// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { IMarketRules } from "../../../contracts/market/IMarketRules.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { MarketAuctions } from "../../../contracts/market/MarketAuctions.sol";
import { MarketOperations } from "../../../contracts/market/MarketOperations.sol";
import { MarketRules } from "../../../contracts/market/MarketRules.sol";
import { MOST_TICK } from "../../../contracts/market/MarketWords.sol";
import { OrderBook } from "../../../contracts/market/OrderBook.sol";
import { AccountKind, AccountStatus, Eligibility, Representation, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { IExchange } from "./IExchange.sol";
import { Phases } from "./Phases.sol";
import { Suite } from "./Suite.sol";

/// @dev The ledger and the book behind their proxies. The test stands for registry, cash desk, allocator and compliance
///      desk, so that it can open accounts and fund them in one line.
abstract contract MarketSuite is Suite {
    uint40 internal constant FAR = 4_000_000_000;
    uint64 internal constant ROLE = 77; // holds every restricted function of the two contracts

    InstrumentLedger internal ledger;
    IExchange internal book;
    Phases internal phases = new Phases();
    MarketRules internal marketRules;
    address internal operations; // the book's other half
    address internal auctions; // to which that one hands on
    uint256 internal gbp;
    uint256 internal uka;
    uint24 internal market;

    function setUpMarket(uint16 takerFee, uint16 makerFee) internal {
        vm.warp(1_700_000_000);
        ledger = InstrumentLedger(newProxy());
        book = IExchange(newProxy());
        marketRules = MarketRules(newProxy());
        InstrumentId money = instrumentId(InstrumentClass.MONEY, 826, 0, 0, 826);
        InstrumentId allowance = instrumentId(InstrumentClass.ALLOWANCE, 826, 2021, 0, 0);
        gbp = InstrumentId.unwrap(money);
        uka = InstrumentId.unwrap(allowance);
        address self = address(this);
        install(
            address(ledger),
            address(
                new InstrumentLedger(
                    IInstrumentLedger.Siblings({
                        registry: self,
                        book: address(book),
                        cashDesk: self,
                        allocator: self,
                        complianceDesk: self,
                        transferRules: self,
                        authorityDesk: self
                    }),
                    money
                )
            ),
            abi.encodeCall(InstrumentLedger.initialize, (bytes32("terms")))
        );
        auctions = address(new MarketAuctions(IInstrumentLedger(address(ledger)), money));
        operations =
            address(new MarketOperations(IInstrumentLedger(address(ledger)), money, 0, rulesOfTheBook(), auctions));
        install(
            address(book),
            address(new OrderBook(IInstrumentLedger(address(ledger)), money, operations)),
            abi.encodeCall(OrderBook.initialize, ())
        );
        install(
            address(marketRules),
            address(new MarketRules(address(ledger), address(book), 0)),
            abi.encodeCall(MarketRules.initialize, ())
        );
        ledger.defineInstrument(allowance, 0, "terms");
        market = book.openMarket(
            IOrderBook.MarketTerms({
                instrument: allowance,
                tickMantissa: 1,
                tickExponent: 0,
                lot: 1,
                leastLots: 1,
                takerFee: takerFee,
                makerFee: makerFee,
                lowest: 1,
                highest: uint24(MOST_TICK)
            })
        );
    }

    /// @dev What the book asks: phases that a test tells, unless the suite has the real rules.
    function rulesOfTheBook() internal virtual returns (IMarketRules) {
        return IMarketRules(address(phases));
    }

    function accountOf(address key) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("account of", key)))));
    }

    function openAccount(address key) internal returns (address account) {
        account = accountOf(key);
        ledger.setEligibility(account, eligible(0));
        ledger.setRepresentation(key, Representation({ account: account, certificateUntil: FAR, rights: Rights.ALL }));
    }

    function eligible(uint16 restrictions) internal pure returns (Eligibility memory) {
        return Eligibility({
            status: AccountStatus.ACTIVE,
            kind: AccountKind.OPERATOR,
            restrictions: restrictions,
            region: 1,
            owner: 0,
            certificateUntil: FAR
        });
    }

    function openFunded(address key, uint256 units, uint256 money) internal returns (address account) {
        account = openAccount(key);
        if (units != 0) ledger.issue(account, uka, units, "issue");
        if (money != 0) ledger.issue(account, gbp, money, "deposit");
    }

    function orderOf(Side side, uint24 tick, uint48 quantity) internal view returns (IOrderBook.Order memory) {
        return IOrderBook.Order({
            market: market,
            side: side,
            tick: tick,
            quantity: quantity,
            expires: 0,
            timeInForce: IOrderBook.TimeInForce.GTC,
            selfTrade: IOrderBook.SelfTrade.CANCEL_NEWEST,
            mostMakers: 64,
            latest: 0
        });
    }

    function place(address key, Side side, uint24 tick, uint48 quantity) internal returns (IOrderBook.Placed memory) {
        IOrderBook.Order memory order = orderOf(side, tick, quantity);
        vm.prank(key);
        return book.place(order);
    }
}
