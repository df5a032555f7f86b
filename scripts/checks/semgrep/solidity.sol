// SPDX-License-Identifier: Apache-2.0
// ruleid: floating-pragma
pragma solidity ^0.8.34;
// ok: floating-pragma
pragma solidity 0.8.34;

contract Bad {
    // ruleid: authorize-upgrade-unrestricted
    function _authorizeUpgrade(address) internal override { }

    // ruleid: authorize-upgrade-unrestricted
    function _authorizeUpgrade(address next) internal override onlyOnce {
        check(next);
    }

    // ruleid: initialize-unguarded
    function initialize(address authority) external {
        set(authority);
    }

    // ok: initialize-unguarded
    function initialize(address authority, uint256 x) external initializer {
        set(authority);
    }

    // ok: initialize-unguarded
    function initializeSecond(uint256 x) external reinitializer(2) {
        set(x);
    }

    function calls(address to, uint256 at, IERC20 token) external {
        // ruleid: tx-origin
        address who = tx.origin;
        // ruleid: low-level-call
        (bool done,) = to.call("");
        // ruleid: low-level-call
        (bool sent,) = to.call{ value: 1 }("");
        // ruleid: low-level-call
        (bool lent,) = to.delegatecall("");
        // ruleid: timestamp-equality
        if (block.timestamp == at) revert TooLate(at);
        // ok: timestamp-equality
        if (block.timestamp >= at) revert TooLate(at);
        // ruleid: bare-ecrecover
        address signer = ecrecover(hash, v, r, s);
        // ruleid: selfdestruct
        selfdestruct(payable(to));
        // ruleid: text-as-error
        require(at != 0, "at is zero");
        // ok: text-as-error
        require(at != 0, TooLate(at));
        // ruleid: text-as-error
        revert("no");
        // ruleid: equality-with-own-balance
        require(token.balanceOf(address(this)) == at, TooLate(at));
        // ok: equality-with-own-balance
        require(token.balanceOf(to) == at, TooLate(at));
    }

    function withdraw(address to, uint256 amount) external {
        S storage $ = _s();
        // ruleid: write-after-token-call
        $.token.safeTransfer(to, amount);
        $.booked = 0;
    }

    function withdrawMapped(address to, uint256 amount) external {
        S storage $ = _s();
        // ruleid: write-after-token-call
        $.token.safeTransfer(to, amount);
        emit Withdrawn(to);
        $.booked[to] -= amount;
    }

    function withdrawRightly(address to, uint256 amount) external {
        S storage $ = _s();
        $.booked[to] -= amount;
        // ok: write-after-token-call
        $.token.safeTransfer(to, amount);
    }
}

contract Good {
    // ok: authorize-upgrade-unrestricted
    function _authorizeUpgrade(address) internal override restricted { }
}
