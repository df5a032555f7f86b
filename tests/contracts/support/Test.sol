// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Vm } from "./Vm.sol";

/// @dev What forge looks for and what the tests say.
abstract contract Test {
    // forge finds test contracts by this flag.
    bool public IS_TEST = true;

    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error Differs(string what, uint256 got, uint256 expected);
    error NotTrue(string what);

    address[] private _targets;
    address[] private _senders;

    /* SAYING */

    function assertTrue(bool condition, string memory what) internal pure {
        require(condition, NotTrue(what));
    }

    function assertTrue(bool condition) internal pure {
        require(condition, NotTrue("condition"));
    }

    function assertFalse(bool condition, string memory what) internal pure {
        require(!condition, NotTrue(what));
    }

    function assertFalse(bool condition) internal pure {
        require(!condition, NotTrue("negated condition"));
    }

    function assertEq(uint256 got, uint256 expected, string memory what) internal pure {
        require(got == expected, Differs(what, got, expected));
    }

    function assertEq(uint256 got, uint256 expected) internal pure {
        require(got == expected, Differs("value", got, expected));
    }

    function assertEq(address got, address expected, string memory what) internal pure {
        require(got == expected, Differs(what, uint160(got), uint160(expected)));
    }

    function assertEq(address got, address expected) internal pure {
        assertEq(got, expected, "address");
    }

    function assertEq(bytes32 got, bytes32 expected, string memory what) internal pure {
        require(got == expected, Differs(what, uint256(got), uint256(expected)));
    }

    function assertEq(bytes32 got, bytes32 expected) internal pure {
        assertEq(got, expected, "word");
    }

    function assertEq(bool got, bool expected, string memory what) internal pure {
        require(got == expected, Differs(what, got ? 1 : 0, expected ? 1 : 0));
    }

    function assertEq(string memory got, string memory expected) internal pure {
        require(keccak256(bytes(got)) == keccak256(bytes(expected)), NotTrue(string.concat(got, " != ", expected)));
    }

    function assertLe(uint256 got, uint256 limit, string memory what) internal pure {
        require(got <= limit, Differs(what, got, limit));
    }

    function assertGe(uint256 got, uint256 limit, string memory what) internal pure {
        require(got >= limit, Differs(what, got, limit));
    }

    function bound(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        require(low <= high, NotTrue("bound: low <= high"));
        if (x >= low && x <= high) return x;
        uint256 span = high - low + 1;
        return span == 0 ? x : low + (x % span);
    }

    /* INVARIANTS: what forge asks */

    function targetContract(address target) internal {
        _targets.push(target);
    }

    function targetContracts() public view returns (address[] memory) {
        return _targets;
    }

    function targetSender(address sender) internal {
        _senders.push(sender);
    }

    function targetSenders() public view returns (address[] memory) {
        return _senders;
    }
}
