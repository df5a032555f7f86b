// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Units of one period into units of the next, or lapse (R-AST-5).
/// @notice A rule lets units of one instrument be converted into units of another, one to one, while its window is open and as
///         far as its limits go. What is left of an instrument that is closed or past its validity can lapse when the window has
///         closed. Quantities are whole tonnes.
///
///         A conversion cancels free units and issues as many as a new block of serials, for one cause (`causeOf`), so that
///         the life of a unit can be told across it. No tonne is created: issued under a rule = cancelled under it.
///
///         Limits of a rule, each of which may be absent; the tightest counts:
///         - by net sales: base + multiplier × what the account has sold net of its purchases, from the regulator's record;
///         - by holding: a share of what the account held at the cut-off, from the regulator's record. Not of what it holds when
///           it converts, which could be passed from account to account and counted many times;
///         - in total, over all accounts: who comes first is served first.
///         Shares are rounded down. An account without a record has no room by sales, not even the base, and held nothing: a base
///         for whoever asks would grow with the number of accounts over which a holder spreads its units.
/// @dev What an order holds is not free: it comes back when the order is taken back. What is frozen, pledged or bound otherwise
///      neither converts nor lapses; once it is free, it can lapse by another call.
interface IBanking {
    struct BankingTerms {
        uint88 from; // instrument; may be closed or past its validity: that is the point
        uint40 opens; // Unix seconds, the first in which units are converted
        uint40 closes; // Unix seconds, the first in which they no longer are
        bool lapses; // what is left can lapse
        bool bySales;
        bool byHolding;
        uint32 multiplier; // basis points of net sales
        uint16 share; // basis points of the holding at the cut-off
        uint88 to; // instrument; of the same class, open when units are converted
        uint96 base; // tonnes
        uint96 most; // tonnes in total; 0: no limit
    }

    struct BankingRule {
        BankingTerms terms;
        uint96 converted; // tonnes so far
        uint96 lapsed; // tonnes so far
    }

    /// @dev An account under a rule.
    struct BankingStanding {
        uint96 converted; // tonnes so far
        uint80 netSales; // tonnes, as recorded; none when it bought more than it sold
        uint72 held; // tonnes at the cut-off, as recorded
        bool recorded; // there are figures
    }

    /// @dev A line of the regulator's record.
    struct BankingFigures {
        address account;
        uint80 netSales;
        uint72 held;
    }

    /* ERRORS */

    error UnknownBankingRule(uint256 rule);
    /// @notice `from` is not converted into `to`: one of them is unknown or money, or they are of different classes, or the same.
    error NotConvertible(uint256 from, uint256 to);
    /// @notice A window opens before it closes, and closes in the future.
    error BadBankingWindow(uint40 opens, uint40 closes);
    /// @notice A share is at most 10,000 basis points.
    error BadBankingShare(uint16 share);
    /// @notice The earlier rule `rule` for the same instrument is in force until `closes`.
    error BankingRuleInForce(uint256 rule, uint40 closes);
    /// @notice A later rule for the same instrument has taken the place of `rule`.
    error BankingRuleReplaced(uint256 rule, uint256 by);
    /// @notice Units are converted from `opens` on and before `closes`.
    error BankingNotOpen(uint256 rule, uint40 opens, uint40 closes);
    /// @notice Units lapse, and windows are moved no more, from `closes` on.
    error BankingNotClosed(uint256 rule, uint40 closes);
    /// @notice `account` may convert `room` more tonnes under `rule`; `asked` were asked.
    error BankingLimitExceeded(uint256 rule, address account, uint256 room, uint256 asked);
    /// @notice Under `rule` nothing lapses, or its instrument is still open and valid.
    error DoesNotLapse(uint256 rule);
    /// @notice Some units have lapsed under `rule`: its window is not opened again. Set a new rule.
    error LapsedAlready(uint256 rule);
    /// @notice A digest must say why.
    error CauseMissing();

    /* EVENTS */

    event BankingRuleSet(
        uint256 indexed rule, uint256 indexed from, uint256 indexed to, BankingTerms terms, bytes32 document
    );
    event BankingWindowMoved(uint256 indexed rule, uint40 opens, uint40 closes, bytes32 cause);
    event BankingFiguresRecorded(
        uint256 indexed rule, address indexed account, uint80 netSales, uint72 held, bytes32 indexed audit
    );
    /// @notice The cancellation and the issue that follow have the cause `causeOf(id)`.
    event UnitsConverted(
        uint256 indexed id, uint256 indexed rule, address indexed account, uint256 from, uint256 to, uint256 quantity
    );
    /// @notice The cancellation that follows has the cause `causeOf(id)`.
    event UnitsLapsed(
        uint256 indexed id, uint256 indexed rule, address indexed account, uint256 instrument, uint256 quantity
    );
    /// @notice Units with new serials in the place of those that a reversed surrender cancelled; their cause is the application's
    ///         number.
    event UnitsReissued(
        uint256 indexed application, address indexed account, uint256 indexed instrument, uint256 quantity
    );

    /* RULES */

    /// @notice Set a rule; it takes the place of an earlier one for the same instrument whose window has closed, or has not opened
    ///         yet. For REGULATOR.
    /// @param document Digest of the decision or regulation behind it.
    function setRule(BankingTerms calldata terms, bytes32 document) external returns (uint256 rule);

    /// @notice Open a rule's window earlier or later, prolong or shorten it, also when it has closed and nothing has lapsed. The
    ///         new end lies ahead. For REGULATOR.
    function moveWindow(uint256 rule, uint40 opens, uint40 closes, bytes32 cause) external;

    /// @notice Record what accounts sold and held, from which their limits follow; a later record replaces an earlier one and
    ///         takes nothing back that was converted. For REGULATOR.
    /// @param audit Digest of the audit behind the figures.
    function recordFigures(uint256 rule, BankingFigures[] calldata figures, bytes32 audit) external;

    function ruleOf(uint256 rule) external view returns (BankingRule memory);

    function ruleCount() external view returns (uint256);

    /// @notice The rule that is the latest for an instrument; 0: none.
    function ruleFor(uint256 instrument) external view returns (uint256 rule);

    /* CONVERSION */

    /// @notice Convert free units of the caller's account. By a representative with INITIATE and APPROVE, unless the account is
    ///         under NO_TRANSFER or NO_RECEIPT.
    /// @return id Of the conversion.
    function convert(uint256 rule, uint256 quantity) external returns (uint256 id);

    /// @notice Convert for accounts as much as is free and their limits allow, in the order given. Accounts that may not receive,
    ///         or for which there is nothing to convert, are passed over. For REGULATOR.
    /// @return quantity In total.
    function convertFor(uint256 rule, address[] calldata accounts) external returns (uint256 quantity);

    /// @notice How many more tonnes `account` may convert under `rule`, free or not.
    function roomOf(uint256 rule, address account) external view returns (uint256);

    function standingOf(uint256 rule, address account) external view returns (BankingStanding memory);

    /// @notice What the ledger has as the cause of a conversion or lapse: this contract's address, then the number in 96 bits.
    function causeOf(uint256 id) external view returns (bytes32);

    /// @notice Conversions and lapses so far; also the number of the last.
    function actCount() external view returns (uint256);

    /* LAPSE */

    /// @notice Cancel for good what accounts still have free of the rule's instrument, after the window, when the instrument is
    ///         closed or past its validity. Anyone may, as often as something has become free.
    /// @return quantity In total.
    function lapse(uint256 rule, address[] calldata accounts) external returns (uint256 quantity);

    /* REVERSED SURRENDERS */

    /// @notice Issue units in the place of those that the surrender `application` cancelled. Only the ComplianceDesk, once a line.
    /// @dev Here because the ledger lets this contract issue units; like a conversion, it creates no tonne.
    function reissue(uint256 application, address account, uint256 instrument, uint256 quantity) external;
}
