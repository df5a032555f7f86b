// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { AccountKind, AccountStatus, Eligibility, Representation } from "../../../contracts/types/Accounts.sol";

/// @dev Stands for the StakeholderRegistry: opens accounts, and forwards what compliance restricts to the ledger. And for the
///      CreditRecord: counts what is reported.
contract RegistryDouble {
    InstrumentLedger private _ledger;
    address private _compliance;
    mapping(address account => uint16) public restrictionsOf;
    mapping(address account => bytes32) public causeOf;

    mapping(address account => mapping(uint8 kind => uint32)) public reported;

    /// @dev As the CreditRecord.
    function report(address account, uint8 kind, bytes32 cause) external returns (uint32) {
        require(msg.sender == _compliance && cause != 0);
        return ++reported[account][kind];
    }

    function wire(InstrumentLedger ledger, address compliance) external {
        _ledger = ledger;
        _compliance = compliance;
    }

    function open(address account, address key, uint16 rights) external {
        _push(account);
        _ledger.setRepresentation(key, Representation(account, type(uint40).max, rights));
    }

    /// @dev The regulator's own restrictions replace those of compliance here: one mask is enough for a double.
    function set(address account, uint16 restrictions) external {
        restrictionsOf[account] = restrictions;
        _push(account);
    }

    function restrictFor(address account, uint16 restrictions, bool on, bytes32 cause) external {
        require(msg.sender == _compliance && cause != 0);
        restrictionsOf[account] = on ? restrictionsOf[account] | restrictions : restrictionsOf[account] & ~restrictions;
        causeOf[account] = cause;
        _push(account);
    }

    function _push(address account) private {
        _ledger.setEligibility(
            account,
            Eligibility({
                status: AccountStatus.ACTIVE,
                kind: AccountKind.OPERATOR,
                restrictions: restrictionsOf[account],
                region: 1,
                owner: 0,
                certificateUntil: type(uint40).max
            })
        );
    }
}
