// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Vm } from "../support/Vm.sol";

/// @dev What halmos offers beside forge's cheatcodes.
interface Svm {
    function createUint256(string calldata name) external pure returns (uint256 value);
}

/// @dev A contract whose `check_` functions halmos proves for all inputs: it looks for any that makes an `assert` fail.
///      What reverts proves nothing and refutes nothing, so each check says of a call whether it went through.
abstract contract Prover {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    Svm internal constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));
}
