// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { AuthorityDesk } from "../../../contracts/instruments/AuthorityDesk.sol";
import { IAuthorityDesk } from "../../../contracts/instruments/IAuthorityDesk.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { IPledgeBook } from "../../../contracts/instruments/IPledgeBook.sol";
import { PledgeBook } from "../../../contracts/instruments/PledgeBook.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { AuthoritySuite } from "../support/AuthoritySuite.sol";

/// @dev Four accounts that pledge to each other and foreclose, two officers who freeze, take and reverse, in any order; it
///      counts what succeeded and notes promises that an act found broken.
contract PledgeHandler is AuthoritySuite {
    string public broken;
    uint256 public acts;
    uint256 public succeeded;
    mapping(string act => uint256) public done;

    IPledgeBook.PledgeState private constant _OFFERED = IPledgeBook.PledgeState.OFFERED;
    IPledgeBook.PledgeState private constant _ACTIVE = IPledgeBook.PledgeState.ACTIVE;

    address[4] private _keys;
    uint256[3] private _instruments;

    /// @dev Not in the constructor: who issues credits has code.
    function start() external {
        require(address(ledger) == address(0), "started");
        setUpAuthority();
        _keys = [alice, bob, carol, dave];
        _instruments = [uka, later, credit];
    }

    function suite() external view returns (InstrumentLedger, PledgeBook, AuthorityDesk) {
        return (ledger, pledges, authorityDesk);
    }

    function accounts() public view returns (address[4] memory list) {
        for (uint256 i; i < 4; ++i) {
            list[i] = accountOf(_keys[i]);
        }
    }

    function instruments() external view returns (uint256[3] memory) {
        return _instruments;
    }

    function _counted(string memory name, bool ok) private {
        ++acts;
        if (!ok) return;
        ++succeeded;
        ++done[name];
    }

    function _key(uint256 seed) private view returns (address) {
        return _keys[seed % 4];
    }

    function _keyOf(address account) private view returns (address) {
        for (uint256 i; i < 4; ++i) {
            if (accountOf(_keys[i]) == account) return _keys[i];
        }
        return stranger;
    }

    /// @dev One in the wanted state, where there is one; 0 else.
    function _pledge(uint256 seed, IPledgeBook.PledgeState wanted) private view returns (uint256) {
        uint256 count = pledges.pledgeCount();
        for (uint256 i; i < count; ++i) {
            uint256 id = (seed % count + i) % count + 1;
            if (stateOf(id) == wanted) return id;
        }
        return 0;
    }

    function _someUnits(uint256 seed, uint96 quantity) private view returns (IPledgeBook.Units[] memory units_) {
        units_ = new IPledgeBook.Units[](1 + seed % 2);
        for (uint256 i; i < units_.length; ++i) {
            units_[i] = IPledgeBook.Units(_instruments[(seed >> (8 + i)) % 3], bound(quantity >> i, 1, 200));
        }
    }

    function _send(address key, bytes memory call, string memory name) private returns (bool ok) {
        vm.prank(key);
        (ok,) = address(pledges).call(call);
        _counted(name, ok);
    }

    /* SIDES */

    function offer(uint256 seed, uint96 quantity) external {
        IPledgeBook.PledgeTerms memory terms_ = termsTo(accountOf(_key(seed >> 4)));
        terms_.receiver = accountOf(_key(seed >> 16));
        terms_.due = uint40(block.timestamp + 1 + seed % 5 days);
        if (seed % 3 == 0) terms_.offerUntil = uint40(block.timestamp + seed % 2 days);
        _send(_key(seed), abi.encodeCall(PledgeBook.offer, (terms_, _someUnits(seed >> 32, quantity))), "offered");
    }

    function answer(uint256 seed) external {
        uint256 id = _pledge(seed >> 8, _OFFERED);
        if (id == 0) return;
        (IPledgeBook.Pledge memory pledge,) = pledges.pledgeOf(id);
        address pledgee = _keyOf(pledge.terms.pledgee);
        if (seed % 8 < 5) {
            _send(pledgee, abi.encodeCall(PledgeBook.accept, (id)), "accepted");
        } else if (seed % 8 == 5) {
            _send(pledgee, abi.encodeCall(PledgeBook.decline, (id)), "declined");
        } else if (seed % 8 == 6) {
            _send(_keyOf(pledge.pledgor), abi.encodeCall(PledgeBook.withdrawOffer, (id)), "withdrawn");
        } else {
            vm.warp(block.timestamp + 5 days);
            _send(stranger, abi.encodeCall(PledgeBook.lapse, (id)), "lapsed");
        }
    }

    function topUp(uint256 seed, uint96 quantity) external {
        uint256 id = _pledge(seed >> 8, _ACTIVE);
        if (id == 0) return;
        (IPledgeBook.Pledge memory pledge,) = pledges.pledgeOf(id);
        _send(
            _keyOf(pledge.pledgor),
            abi.encodeCall(PledgeBook.topUp, (id, _someUnits(seed >> 32, quantity))),
            "topped up"
        );
    }

    function release(uint256 seed, uint96 quantity) external {
        uint256 id = _pledge(seed >> 8, _ACTIVE);
        if (id == 0) return;
        (IPledgeBook.Pledge memory pledge, IPledgeBook.Units[] memory units_) = pledges.pledgeOf(id);
        address pledgee = _keyOf(pledge.terms.pledgee);
        if (seed % 5 == 0) {
            _send(pledgee, abi.encodeCall(PledgeBook.releaseAll, (id)), "released all");
            return;
        }
        uint256 i = seed % units_.length;
        _send(
            pledgee,
            abi.encodeCall(
                PledgeBook.release, (id, line(units_[i].instrument, bound(quantity, 1, units_[i].quantity + 1)))
            ),
            "released"
        );
    }

    function exchange(uint256 seed, uint96 quantity) external {
        uint256 id = _pledge(seed >> 8, _ACTIVE);
        if (id == 0) return;
        (IPledgeBook.Pledge memory pledge, IPledgeBook.Units[] memory units_) = pledges.pledgeOf(id);
        if (pledge.exchangeOpen) {
            bool drop = seed % 4 == 0;
            _send(
                _keyOf(pledge.terms.pledgee),
                drop
                    ? abi.encodeCall(PledgeBook.dropExchange, (id))
                    : abi.encodeCall(PledgeBook.acceptExchange, (id, pledge.exchanges)),
                drop ? "exchange dropped" : "exchanged"
            );
            return;
        }
        uint256 i = seed % units_.length;
        uint256 some = bound(quantity, 1, units_[i].quantity);
        _send(
            _keyOf(pledge.pledgor),
            abi.encodeCall(
                PledgeBook.proposeExchange, (id, line(units_[i].instrument, some), _someUnits(seed >> 32, quantity))
            ),
            "exchange proposed"
        );
    }

    function foreclose(uint256 seed, uint96 quantity, uint256 wait) external {
        uint256 id = _pledge(seed >> 8, _ACTIVE);
        if (id == 0) return;
        vm.warp(block.timestamp + bound(wait, 0, 4 days));
        (IPledgeBook.Pledge memory pledge, IPledgeBook.Units[] memory units_) = pledges.pledgeOf(id);
        address pledgee = _keyOf(pledge.terms.pledgee);
        if (pledge.noticeAt == 0) {
            _send(pledgee, abi.encodeCall(PledgeBook.giveNotice, (id)), "notice given");
            return;
        }
        bool early = block.timestamp < uint256(pledge.noticeAt) + pledge.terms.noticePeriod;
        uint256 i = seed % units_.length;
        uint256 frozen = ledger.getFrozenTokens(pledge.pledgor, units_[i].instrument);
        uint256 heldBefore = ledger.balanceOf(pledge.pledgor, units_[i].instrument);
        bool ok = _send(
            pledgee,
            seed % 2 == 0
                ? abi.encodeCall(PledgeBook.forecloseAll, (id))
                : abi.encodeCall(
                    PledgeBook.foreclose, (id, line(units_[i].instrument, bound(quantity, 1, units_[i].quantity)))
                ),
            "foreclosed"
        );
        if (ok && early) broken = "foreclosed before the notice was over";
        uint256 heldAfter = ledger.balanceOf(pledge.pledgor, units_[i].instrument);
        if (heldAfter < heldBefore && heldAfter < frozen) broken = "frozen units were foreclosed";
    }

    /// @dev Nobody but the side that may: whoever else tries changes nothing.
    function intrude(uint256 seed) external {
        uint256 id = _pledge(seed >> 8, _ACTIVE);
        if (id == 0) return;
        (IPledgeBook.Pledge memory pledge,) = pledges.pledgeOf(id);
        address key = seed % 3 == 0 ? stranger : _key(seed);
        if (accountOf(key) == pledge.terms.pledgee) return;
        vm.startPrank(key);
        try pledges.releaseAll(id) {
            broken = "released by another";
        } catch { }
        try pledges.forecloseAll(id) {
            broken = "foreclosed by another";
        } catch { }
        try pledges.accept(id) {
            broken = "accepted by another";
        } catch { }
        vm.stopPrank();
        _counted("intruded", true);
    }

    /* ACCOUNTS */

    function move(uint256 seed, uint96 quantity) external {
        address key = _key(seed);
        address account = accountOf(key);
        uint256 instrument = _instruments[(seed >> 8) % 3];
        uint256 pledgedBefore = boundOf(account, instrument);
        vm.prank(key);
        try ledger.safeTransferFrom(account, accountOf(_key(seed >> 16)), instrument, bound(quantity, 1, 300), "") {
            _counted("transferred", true);
        } catch {
            _counted("transferred", false);
        }
        if (boundOf(account, instrument) != pledgedBefore) broken = "a transfer moved pledged units";
        if (ledger.balanceOf(account, instrument) < pledgedBefore) broken = "pledged units left";
    }

    function restrict(uint256 seed) external {
        bar(_key(seed), seed % 4 == 0 ? uint16(seed >> 8) & Restrictions.ALL : 0);
        _counted("restricted", true);
    }

    function trade(uint256 seed, uint48 quantity) external {
        vm.prank(_key(seed));
        try book.place(orderOf(seed % 2 == 0 ? Side.SELL : Side.BUY, 100, uint48(bound(quantity, 1, 50)))) {
            _counted("ordered", true);
        } catch {
            _counted("ordered", false);
        }
    }

    /* AUTHORITY */

    function freeze(uint256 seed, uint96 quantity) external {
        uint256 amount = seed % 3 == 0 ? bound(quantity, 1, 2000) : 0;
        freezeAll(accountOf(_key(seed)), _instruments[(seed >> 8) % 3], amount);
        _counted("frozen", true);
    }

    function take(uint256 seed, uint96 quantity) external {
        uint256 pledge = _pledge(seed >> 24, seed % 4 == 0 ? _OFFERED : _ACTIVE);
        address from = accountOf(_key(seed));
        IAuthorityDesk.Binding[] memory bindings = noBindings();
        if (pledge != 0 && seed % 2 == 0) {
            (IPledgeBook.Pledge memory known,) = pledges.pledgeOf(pledge);
            from = known.pledgor;
            bindings = naming(pledge);
        }
        uint256 instrument = _instruments[(seed >> 8) % 3];
        uint256 amount = bound(quantity, 1, 700);
        vm.prank(officer);
        try authorityDesk.forceTransfer(
            from, accountOf(_key(seed >> 16)), instrument, amount, noOrders(), bindings, warrant()
        ) {
            _counted("taken", true);
        } catch {
            _counted("taken", false);
        }
    }

    function confirm(uint256 seed, bool bySecond) external {
        uint256 count = authorityDesk.actCount();
        if (count == 0) return;
        uint256 id = 1 + seed % count;
        for (uint256 i; i < count; ++i) {
            id = (seed % count + i) % count + 1;
            (IAuthorityDesk.AuthorityAct memory waiting,) = authorityDesk.actOf(id);
            if (waiting.state == IAuthorityDesk.ActState.PROPOSED && waiting.confirmBy >= block.timestamp) break;
        }
        vm.prank(bySecond ? second : officer);
        try authorityDesk.confirm(id, new OrderId[](0)) {
            if (!bySecond) broken = "confirmed by who ordered it";
            _counted("confirmed", true);
        } catch {
            _counted("confirmed", false);
        }
    }

    function reverse(uint256 seed) external {
        uint256 count = authorityDesk.actCount();
        if (count == 0) return;
        vm.prank(officer);
        try authorityDesk.reverse(1 + seed % count, noOrders(), noBindings(), warrant()) {
            _counted("reversed", true);
        } catch {
            _counted("reversed", false);
        }
    }
}
