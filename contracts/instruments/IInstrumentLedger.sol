// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentId } from "../types/InstrumentId.sol";
import { OrderId } from "../types/OrderId.sol";

/// @title One ledger for everything that is held: allowances, credits and settlement money (R-AST-1 to 3, R-TRD-8).
/// @notice Units are whole tonnes of CO2e; money is in its smallest unit. Standard faces: ERC-1155 with metadata, ERC-165,
///         ERC-7943 (multi-token, 0x41c4fbad). Departures from ERC-1155, on purpose: approvals revert
///         (`ApprovalsNotSupported`); accounts have no code, so no receiver hook ever runs; what an order holds is debited
///         from the account and emitted as a transfer to the book, whose own `balanceOf` is not kept.
///
///         free = max(0, balance − encumbered − frozen). Participants move only what is free. Bound units that go although
///         more is frozen than the rest covers take the difference off the frozen amount (`Frozen`, before the transfer), so that
///         what is free stays the same; a delayed transfer or a sale of listed units does not go then.
///         Conservation, for each instrument: issued = held + in orders + cancelled.
interface IInstrumentLedger {
    /// @dev Why a part of a holding is bound. Each reason has one module that may bind and release under it.
    enum Reason {
        NONE,
        SURRENDER, // ComplianceDesk
        WITHDRAWAL, // CashDesk
        PLEDGE,
        DISPUTE,
        DELAYED_TRANSFER,
        LISTING,
        COLLATERAL,
        CONVERSION, // Banking; also issues units, never money, into which it converts
        BUFFER, // CreditProjects: against reversal
        EXPORT, // OriginRegister: on the way to another registry
        QUOTE, // QuoteBoard
        BLOCK_TRADE // BlockTrades
    }

    enum InstrumentState {
        NONE,
        OPEN,
        CLOSED // held, surrendered and cancelled, but no longer issued or moved between accounts
    }

    struct Instrument {
        uint96 issued; // units ever issued; also the serial after the last one, serials starting at 1
        uint96 cancelled; // units that ceased to exist: surrendered, cancelled, lapsed; for money: withdrawn
        uint40 validUntil; // Unix seconds; 0: no expiry
        InstrumentState state;
        uint16 rules; // number of its set of transaction types in the TransferRules; 0: transfers go directly
    }

    /// @dev A block of serials as it was issued: what a certificate of existence says (R-AST-1).
    struct IssuedBlock {
        uint256 instrument;
        uint256 firstSerial;
        uint256 quantity;
        address account; // that got it
        bytes32 cause;
        uint256 at; // Unix seconds of the block of the chain
    }

    /// @dev Proxies of the contracts that the ledger knows.
    struct Siblings {
        address registry;
        address book;
        address cashDesk;
        address allocator;
        address complianceDesk;
        address transferRules;
        address authorityDesk;
    }

    /* ERRORS */

    /// @notice `instrument` was never defined.
    error UnknownInstrument(uint256 instrument);
    /// @notice `instrument` exists already.
    error InstrumentExists(uint256 instrument);
    /// @notice `instrument` is closed, or its validity ended at `validUntil`.
    error InstrumentNotOpen(uint256 instrument, uint40 validUntil);
    /// @notice `account` has `free` units of `instrument` that it may move; `needed` were asked.
    error InsufficientFree(address account, uint256 instrument, uint256 free, uint256 needed);
    /// @notice `encumbered` units are bound for `reason`; `asked` were to be released or used.
    error InsufficientEncumbered(address account, uint256 instrument, Reason reason, uint256 encumbered, uint256 asked);
    /// @notice Keys act for accounts through their registration; nobody can be approved as an operator.
    error ApprovalsNotSupported();
    /// @notice A quantity of nothing, or one that no account can hold (2^96 and more).
    error BadQuantity(uint256 quantity);
    /// @notice ERC-1155: arrays of different lengths.
    error LengthMismatch(uint256 first, uint256 second);
    /// @notice `key` acts for another account than `account`.
    error NotTheAccount(address key, address account);
    /// @notice `caller` has no right to bind or release for `reason`; `module` has.
    error NotTheBinder(address caller, Reason reason, address module);
    /// @notice A digest or id must say why.
    error CauseMissing();
    /// @notice `module` is appointed already, or is no contract.
    error CannotAppoint(address module);
    /// @notice With this purchase `account` would hold `held` units of `instrument`, more than it may, `most`.
    error HoldingLimit(address account, uint256 instrument, uint256 held, uint256 most);
    /// @notice Bit i of `blocked`: the maker i may not trade now, or would hold more than it may; of `own`: it has the taker's
    ///         beneficial owner.
    error MakersRefused(uint256 blocked, uint256 own);
    /// @notice Units of `instrument` go from `from` to `to` by way of the TransferRules: propose the transfer there.
    error TransferByRules(address from, address to, uint256 instrument);
    /// @notice More makers than one call may settle.
    error TooManyMakers(uint256 makers);

    /* EVENTS beside those of ERC-1155 and ERC-7943 */

    event InstrumentDefined(uint256 indexed instrument, uint40 validUntil, bytes32 terms);
    event InstrumentStateChanged(uint256 indexed instrument, InstrumentState state);
    /// @notice A block of serials `firstSerial` to `firstSerial + quantity − 1` came to be, for `cause` (R-AST-1).
    event UnitsIssued(
        uint256 indexed instrument,
        address indexed account,
        uint256 firstSerial,
        uint256 quantity,
        bytes32 indexed cause
    );
    /// @notice Units ceased to exist (for money: left the system), for `cause`.
    event UnitsCancelled(uint256 indexed instrument, address indexed account, uint256 quantity, bytes32 indexed cause);
    event Encumbered(
        address indexed account, uint256 indexed instrument, Reason indexed reason, uint256 quantity, bytes32 cause
    );
    event Released(
        address indexed account, uint256 indexed instrument, Reason indexed reason, uint256 quantity, bytes32 cause
    );
    /// @notice Bound units went from one account to another, no longer bound. The `TransferSingle` that follows moves them.
    event EncumberedMoved(
        address indexed from,
        address indexed to,
        uint256 indexed instrument,
        Reason reason,
        uint256 quantity,
        bytes32 cause
    );
    /// @notice `instrument` moves by the set `rules` of transaction types. Instrument 0: those defined from now on.
    event RulesAssigned(uint256 indexed instrument, uint16 indexed rules);
    /// @notice Under the set `rules`, `from` may transfer directly to `to` from `since`, Unix seconds; 0: no longer.
    event DirectTransfersSet(address indexed from, address indexed to, uint16 indexed rules, uint40 since);
    event BinderAppointed(Reason indexed reason, address indexed module);
    event CreditIssuerAppointed(address indexed module);

    /* INSTRUMENTS */

    /// @notice Define an instrument; it is open at once. For SERVICE_MANAGER.
    /// @param validUntil Unix seconds; 0: no expiry.
    /// @param terms Digest of its terms, a RuleBook document.
    function defineInstrument(InstrumentId instrument, uint40 validUntil, bytes32 terms) external;

    /// @notice Close or open again. Closing halts the instrument's markets; they are resumed one by one. For SERVICE_MANAGER.
    function setState(InstrumentId instrument, InstrumentState state) external;

    function instrumentOf(uint256 instrument) external view returns (Instrument memory);

    /// @notice The instrument whose holdings lie in the accounts' eligibility words.
    function mainMoney() external view returns (uint256);

    /* ISSUE AND CANCEL: other contracts of the suite */

    /// @notice Issue a block of units. Only the Allocator (allowances), the CashDesk (money), the credit issuer (credits), and
    ///         the module that converts (units only).
    /// @param cause Digest or id of the determination, deposit or verification behind it.
    /// @return firstSerial Of the block.
    function issue(address account, uint256 instrument, uint256 quantity, bytes32 cause)
        external
        returns (uint256 firstSerial);

    /// @notice Whether a block of units was issued exactly so, ever. Not for money, whose blocks are not kept.
    function isBlock(IssuedBlock calldata said) external view returns (bool);

    /// @notice Cancel free units of the account for which `key` may initiate and approve. Only the ComplianceDesk.
    function cancel(address key, uint256 instrument, uint256 quantity, bytes32 cause) external returns (address account);

    /* BINDING: the module of the reason */

    /// @notice Bind free units of `account`.
    function encumber(address account, uint256 instrument, uint256 quantity, Reason reason, bytes32 cause) external;

    /// @notice Give bound units back.
    function release(address account, uint256 instrument, uint256 quantity, Reason reason, bytes32 cause) external;

    /// @notice Cancel bound units.
    function cancelEncumbered(address account, uint256 instrument, uint256 quantity, Reason reason, bytes32 cause)
        external;

    /// @notice Move bound units to `to`, where they are free: a foreclosure, a transfer whose delay is over, a purchase. Whether
    ///         `from` may give at present is for the module to decide. The instrument is open, `to` may receive.
    function moveEncumbered(
        address from,
        address to,
        uint256 instrument,
        uint256 quantity,
        Reason reason,
        bytes32 cause
    ) external;

    /// @notice Who binds and releases for `reason`; 0: nobody yet.
    function binderOf(Reason reason) external view returns (address);

    function encumberedFor(address account, uint256 instrument, Reason reason) external view returns (uint256);

    function encumberedOf(address account, uint256 instrument) external view returns (uint256);

    /// @notice What participants may move: max(0, balance − encumbered − frozen).
    function freeOf(address account, uint256 instrument) external view returns (uint256);

    /// @notice Name the module that binds for a reason that has none yet. For ADMINISTRATOR; once a reason.
    function appointBinder(Reason reason, address module) external;

    /// @notice Name the module that issues credits. For ADMINISTRATOR; once.
    function appointCreditIssuer(address module) external;

    /* MARKET: the book only */

    /// @notice Take into the book what an order holds, from the free holding of the account for which `key` may trade.
    /// @return account Whose it was.
    function escrowFrom(address key, uint256 instrument, uint256 quantity) external returns (address account);

    /// @notice Settle one order against makers: delivery versus payment in one call, or nothing at all. Emitted as transfers
    ///         from the account to each maker, to the book for what is left of the debit, and from the book to the account.
    /// @param makers Each is account << 96 | what it gets: main money when the order buys, units else. At most 255 of them. When
    ///        some are refused, the call reverts with `MakersRefused`: the book takes their orders out, or stops, and asks again.
    /// @param amounts debit << 96 | credit. debit: given for what is traded, fees, and what the rest of the order holds. credit:
    ///        got, net of fees.
    /// @param terms mostHeld << 84 | ownAllowed << 83 | buys << 82 | instrument of the market. buys: it gives main money and gets
    ///        units; else it gives units and gets main money. ownAllowed: trade with orders of the same beneficial owner
    ///        instead of refusing them. mostHeld: units of the instrument that who gets some may hold with them, government
    ///        accounts excepted; 0: no limit. A maker that would hold more is refused as one that may not trade, unless it is
    ///        refused for its owner already; the account itself with `HoldingLimit`.
    /// @param key That called the book.
    /// @return account For which `key` may trade.
    function settle(uint256[] calldata makers, uint256 amounts, uint256 terms, address key)
        external
        returns (address account);

    /// @notice Give back to `account` what its order held.
    function releaseEscrow(address account, uint256 instrument, uint256 quantity) external;

    /// @notice As `releaseEscrow`, when `key` asks: reverts unless it acts for `account` with the right to trade. An account
    ///         that may not trade at present may still take its orders back.
    function releaseEscrowTo(address key, uint256 instrument, uint256 quantity, address account) external;

    /* TRANSFER RULES: that contract only. A participant's `safeTransferFrom` of an instrument under rules works where they have
       said before that it may go directly; else it reverts with `TransferByRules`. */

    /// @notice Move free units at once, for `key`, as the rules decided. Whether `from` may give is theirs to decide.
    function moveFor(address key, address from, address to, uint256 instrument, uint256 quantity) external;

    /// @notice Put an instrument under a set of transaction types; 0 for the instrument: those that are defined from now on.
    function assignRules(uint256 instrument, uint16 rules) external;

    /// @notice Let `from` transfer directly to `to` under the set `rules`, from `since` (Unix seconds) on; 0: no longer.
    function setDirect(address from, address to, uint16 rules, uint40 since) external;

    function directFrom(address from, address to, uint16 rules) external view returns (uint256 since);

    /* AUTHORITY: the AuthorityDesk only, as ERC-7943's `forcedTransfer` and `setFrozenTokens` are */

    /// @notice Take open orders of `account` out of the book; what they hold returns to it. Others' and closed ones are passed over.
    function takeBackOrders(address account, OrderId[] calldata orders) external;
}
