// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Restrictions } from "../types/Accounts.sol";

/// @dev Which receivers a type is for, as the giving account sees them.
enum Counterparty {
    ANY,
    LISTED, // on its list of trusted accounts, in effect
    NOT_LISTED,
    SAME_OWNER // of the same beneficial owner
}

/// @dev What business hours mean to a type.
enum BusinessHours {
    IGNORED,
    EXECUTED, // proposed at any time, executed within hours
    PROPOSED // proposed within hours
}

/// @dev One transaction type: for whom it is, and what stands between proposal and completion. Two words.
struct TransferType {
    uint16 fromKinds; // bits 1 << `AccountKind`
    uint16 toKinds; // bits 1 << `AccountKind`
    Counterparty counterparty;
    bool optIn; // only for giving accounts that have the option, such as to leave their list
    uint8 approvals; // 1: one key with both rights will do; 2: another key approves
    uint8 workingDays; // of delay, after the seconds of delay
    BusinessHours within;
    uint8 forbidding; // bits of `Restrictions`: of the giving account, under which there is no such transfer
    uint32 delay; // seconds, from the approval
    uint32 cancellable; // seconds from the proposal in which the account may take it back, if it is not completed; the highest: always
    uint32 reversible; // seconds from the completion in which the authority may reverse it; 0: never
    uint32 expiry; // seconds in which a proposal is approved, and one that is due completed; 0: for ever
    uint96 most; // units of a transfer for which it is; larger ones are for a later type, or for none; 0: any
    uint96 mostPerDay; // units that an account may propose in a civil day under this type; 0: any
}

/// @title What a transaction type says of two accounts. Knows nothing of transfers that wait.
library TransferTypes {
    /// @notice A set has 1 to `limit` types.
    error BadTypeCount(uint256 count, uint256 limit);
    /// @notice The type `index` of a set: no kinds on a side, neither one nor two approvals, restrictions that do not exist, or
    ///         units that could stay bound for ever, as neither the account nor time would free them.
    error BadType(uint256 index);

    /// @dev Of `cancellable`: until it is completed.
    uint32 internal constant ALWAYS = type(uint32).max;
    uint256 private constant _LIMIT = 16;

    function check(TransferType[] calldata types) internal pure {
        require(types.length != 0 && types.length <= _LIMIT, BadTypeCount(types.length, _LIMIT));
        for (uint256 i; i < types.length; ++i) {
            TransferType calldata t = types[i];
            require(
                t.fromKinds != 0 && t.toKinds != 0 && (t.approvals == 1 || t.approvals == 2)
                    && t.forbidding & ~Restrictions.ALL == 0 && (t.cancellable == ALWAYS || t.expiry != 0),
                BadType(i)
            );
        }
    }

    function isForKinds(TransferType memory t, uint256 fromKind, uint256 toKind) internal pure returns (bool) {
        return t.fromKinds & 1 << fromKind != 0 && t.toKinds & 1 << toKind != 0;
    }

    /// @param listed The receiver is on the giver's list, in effect.
    /// @param sameOwner Both have the same beneficial owner.
    /// @param optedIn The giver may leave its list.
    function isForPair(TransferType memory t, bool listed, bool sameOwner, bool optedIn) internal pure returns (bool) {
        if (t.optIn && !optedIn) return false;
        if (t.counterparty == Counterparty.LISTED) return listed;
        if (t.counterparty == Counterparty.NOT_LISTED) return !listed;
        if (t.counterparty == Counterparty.SAME_OWNER) return sameOwner;
        return true;
    }

    /// @dev Whether it applies may change without the list or the set: by another owner, by another option.
    function isUncertain(TransferType memory t) internal pure returns (bool) {
        return t.optIn || t.counterparty == Counterparty.SAME_OWNER;
    }

    /// @notice Nothing stands between proposal and completion that the ledger's own check of a direct transfer would miss:
    ///         it wants a key with both rights and refuses givers under NO_TRANSFER.
    function isDirect(TransferType memory t) internal pure returns (bool) {
        return t.approvals == 1 && t.delay == 0 && t.workingDays == 0 && t.within == BusinessHours.IGNORED
            && t.reversible == 0 && t.most == 0 && t.mostPerDay == 0 && t.forbidding & ~Restrictions.NO_TRANSFER == 0;
    }
}
