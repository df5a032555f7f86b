// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { AccessManaged } from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

enum Mood {
    CALM,
    CROSS
}

struct Pair {
    address who;
    uint96 amount;
}

/// @title Goes wrong in every way that a contract can, so that the SDK can be shown to say why.
contract Deeper {
    /// @notice `account` has `left` tonnes left; `asked` were asked.
    error TooDeep(address account, uint256 asked, uint256 left);

    function sink(uint256 asked) external view {
        require(asked < 10, TooDeep(msg.sender, asked, 9));
    }
}

contract Faulty is AccessManaged {
    /// @notice `value` is not wanted here.
    error Unwanted(uint256 value);
    error Empty();

    event Noted(uint256 indexed number, address indexed who, bytes32 digest, string text, Mood mood);

    Deeper public immutable DEEPER;
    uint256 public number;

    constructor(address authority, Deeper deeper) AccessManaged(authority) {
        DEEPER = deeper;
    }

    function note(uint256 value, string calldata text, Mood mood) external returns (uint256 earlier) {
        require(value != 13, Unwanted(value));
        earlier = number;
        number = value;
        emit Noted(value, msg.sender, keccak256(bytes(text)), text, mood);
    }

    /// @dev Refused only when mined right after another change: what a simulation cannot foresee.
    function noteAfter(uint256 expected, uint256 value) external {
        require(number == expected, Unwanted(number));
        number = value;
    }

    function nested(uint256 asked) external {
        number = asked;
        DEEPER.sink(asked);
    }

    function empty() external pure {
        revert Empty();
    }

    function reason() external pure {
        revert("no more tonnes");
    }

    function silent() external pure {
        assembly {
            revert(0, 0)
        }
    }

    function strange() external pure {
        assembly {
            mstore(0, shl(224, 0xdeadbeef))
            revert(0, 4)
        }
    }

    function overflow(uint256 value) external pure returns (uint256) {
        return value - 1;
    }

    function assertion(bool value) external pure {
        assert(value);
    }

    function invalid() external pure {
        assembly {
            invalid()
        }
    }

    function burn() external {
        for (uint256 i;; ++i) {
            number = i;
        }
    }

    function guarded() external restricted {
        number = 1;
    }

    function pairs(Pair[] calldata given, Mood mood) external pure returns (Pair memory first, uint256 sum, Mood same) {
        first = given[0];
        for (uint256 i; i < given.length; ++i) {
            sum += given[i].amount;
        }
        same = mood;
    }
}
