// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Liens on units, agreed by both sides (R-STK-2).
/// @notice The pledgor offers, which binds the units in the ledger (reason PLEDGE, cause: the pledge's number); the pledgee
///         accepts. From the offer on the units can be neither sold, transferred nor surrendered. They come free when the
///         pledgee releases them, go to the terms' receiver when it forecloses, or follow an order of the authority that names
///         the pledge. What is owed, and that it was paid, stands outside the ledger: its sign here is the release.
///
///         A pledge holds allowances and credits of up to 8 instruments, in whole tonnes; lines of one instrument are added up.
///         An instrument is open when its units are pledged. If it closes or expires later, they stay pledged: they can be
///         released and exchanged, not foreclosed while it is closed.
///
///         A freeze of the authority lies on free units first. As far as it exceeds them it lies on pledged ones: they are not
///         foreclosed while it lasts.
/// @dev What an account does here is done by a representative with INITIATE and APPROVE. Whatever gives the pledgee more
///      (offer, top-up, exchange) is barred while the pledgor is under NO_TRANSFER; what it agreed to before is not.
interface IPledgeBook {
    enum PledgeState {
        NONE,
        OFFERED, // bound, not agreed
        ACTIVE,
        WITHDRAWN, // by the pledgor, before it was accepted
        DECLINED, // by the pledgee
        LAPSED, // not accepted in time
        RELEASED, // the last unit was released
        FORECLOSED, // the last unit was foreclosed
        TAKEN // the last unit was taken by order of the authority
    }

    struct Units {
        uint256 instrument;
        uint256 quantity; // whole tonnes
    }

    struct PledgeTerms {
        address pledgee;
        address receiver; // who gets the units on foreclosure: the pledgee or another account
        uint40 due; // Unix seconds; the pledgee can give notice after it
        uint40 noticePeriod; // seconds from notice to foreclosure, at least `leastNotice`
        uint40 offerUntil; // Unix seconds; the last second in which the offer can be accepted; 0, or later: `due`
        bytes32 agreement; // digest of the agreement
    }

    struct Pledge {
        address pledgor;
        PledgeState state;
        uint40 offeredAt; // Unix seconds
        uint40 noticeAt; // Unix seconds; 0: no notice was given
        uint8 amendedBy; // who proposed the amendment that is open: 0 nobody, 1 pledgor, 2 pledgee
        uint32 exchanges; // proposed ever; also the last one's number
        bool exchangeOpen;
        PledgeTerms terms;
        bytes32 amendment; // keccak256 of the open one
    }

    /// @dev What both sides may change by agreement while the pledge stands.
    struct Amendment {
        address receiver;
        uint40 due; // Unix seconds; never earlier than before
        bytes32 agreement; // digest of the agreement as it is then
    }

    /* ERRORS */

    error UnknownPledge(uint256 id);
    /// @notice Pledge `id` is in `state`; the act needs it in another.
    error PledgeNotIn(uint256 id, PledgeState state, PledgeState needed);
    /// @notice The caller acts for `account`, which is not the side of pledge `id` that may do this.
    error NotTheSide(uint256 id, address account, address side);
    /// @notice The agreement's digest is missing, or a side would stand against itself.
    error BadPledgeTerms(address pledgee, address receiver, bytes32 agreement);
    /// @notice `time` must lie ahead, or not before what was agreed.
    error BadDue(uint40 time);
    /// @notice Fewer seconds than the scheme's least notice.
    error NoticeTooShort(uint40 noticePeriod, uint40 least);
    /// @notice `account` is not active and certified, or may not give or receive at present.
    error NotEligible(address account);
    /// @notice Money, or an instrument that is closed, expired or unknown.
    error NotPledgeable(uint256 instrument);
    /// @notice No line, or more instruments than a pledge holds.
    error BadUnits(uint256 lines, uint256 most);
    /// @notice A quantity of nothing, or one that no account can hold.
    error BadQuantity(uint256 quantity);
    /// @notice Pledge `id` holds `pledged` units of `instrument`; `asked` were meant.
    error PledgedLess(uint256 id, uint256 instrument, uint256 pledged, uint256 asked);
    /// @notice The offer could be accepted until `until`.
    error OfferOver(uint256 id, uint40 until);
    /// @notice The offer stands until `until`.
    error OfferStands(uint256 id, uint40 until);
    /// @notice Exchange `asked` is not the open one; `open` is, 0: none.
    error NoSuchExchange(uint256 id, uint32 asked, uint32 open);
    error ExchangeOpen(uint256 id, uint32 number);
    /// @notice No amendment with these words is open for the caller's consent.
    error NoSuchAmendment(uint256 id);
    /// @notice Notice can be given after `due`.
    error PledgeNotDue(uint256 id, uint40 due);
    error NoticeGivenAlready(uint256 id, uint40 at);
    /// @notice Units are not added while a notice stands; it was given `at`.
    error UnderNotice(uint256 id, uint40 at);
    /// @notice Foreclosure needs a notice and the end of its period; `from` is 0 while there is none.
    error ForeclosureTooEarly(uint256 id, uint256 from);
    /// @notice The authority has frozen `frozen` of what `account` holds of `instrument`: less than was asked is left beside it.
    error FrozenByAuthority(address account, uint256 instrument, uint256 frozen);

    /* EVENTS */

    event PledgeOffered(
        uint256 indexed id, address indexed pledgor, address indexed pledgee, PledgeTerms terms, Units[] units
    );
    event PledgeAccepted(uint256 indexed id);
    /// @notice Nothing is bound by the pledge any more. The events before it tell of the last units.
    event PledgeClosed(uint256 indexed id, PledgeState state);
    /// @notice More units were pledged.
    event PledgeToppedUp(uint256 indexed id, Units[] units);
    /// @notice Units were given back to the pledgor.
    event PledgeReleased(uint256 indexed id, Units[] units);
    event PledgeForeclosed(uint256 indexed id, address indexed receiver, Units[] units);
    /// @notice Units were given up to the authority's act `act`.
    event PledgeTaken(uint256 indexed id, uint256 indexed act, uint256 instrument, uint256 quantity);
    /// @notice `added` is bound from now on, `removed` still is.
    event ExchangeProposed(uint256 indexed id, uint32 indexed number, Units[] removed, Units[] added);
    /// @notice `accepted`: `added` took the place of `removed`, which is free. Else `added` is free again.
    event ExchangeEnded(uint256 indexed id, uint32 indexed number, bool accepted);
    event AmendmentProposed(uint256 indexed id, bool byPledgee, Amendment amendment);
    event AmendmentDropped(uint256 indexed id);
    /// @notice The terms are the new ones; a notice that was given is void.
    event PledgeAmended(uint256 indexed id, Amendment amendment);
    event NoticeGiven(uint256 indexed id, uint256 foreclosureFrom);
    event NoticeWithdrawn(uint256 indexed id);
    event LeastNoticeSet(uint40 seconds_);

    /* OFFER */

    /// @notice Offer a pledge; the units are bound. By the pledgor.
    function offer(PledgeTerms calldata terms, Units[] calldata units) external returns (uint256 id);

    /// @notice By the pledgee, while pledgor and receiver are eligible.
    function accept(uint256 id) external;

    /// @notice By the pledgee.
    function decline(uint256 id) external;

    /// @notice By the pledgor, before the offer is accepted.
    function withdrawOffer(uint256 id) external;

    /// @notice Free what an offer binds that was not accepted in time. Anyone may.
    function lapse(uint256 id) external;

    /* WHILE IT STANDS */

    /// @notice Pledge more. By the pledgor.
    function topUp(uint256 id, Units[] calldata units) external;

    /// @notice Give some units back. By the pledgee, at any time; the last ones end the pledge.
    function release(uint256 id, Units[] calldata units) external;

    /// @notice Give all units back. By the pledgee.
    function releaseAll(uint256 id) external;

    /// @notice Propose to exchange pledged units for others, which are bound at once. By the pledgor; one at a time.
    /// @return number Of the exchange, which the pledgee names when it accepts.
    function proposeExchange(uint256 id, Units[] calldata removed, Units[] calldata added)
        external
        returns (uint32 number);

    /// @notice By the pledgee: `added` is pledged, `removed` is free, both in this call.
    function acceptExchange(uint256 id, uint32 number) external;

    /// @notice Drop the open exchange. By either side.
    function dropExchange(uint256 id) external;

    /// @notice Propose other terms; replaces what is open. By either side.
    function proposeAmendment(uint256 id, Amendment calldata amendment) external;

    /// @notice Agree to what the other side proposed, word for word.
    function acceptAmendment(uint256 id, Amendment calldata amendment) external;

    /// @notice By either side.
    function dropAmendment(uint256 id) external;

    /* FORECLOSURE */

    /// @notice Say that what was due was not paid. By the pledgee, after the due time.
    function giveNotice(uint256 id) external;

    /// @notice By the pledgee, for instance because it has been paid.
    function withdrawNotice(uint256 id) external;

    /// @notice Move some pledged units to the receiver of the terms. By the pledgee, when the notice period is over, as far as
    ///         no freeze lies on them.
    function foreclose(uint256 id, Units[] calldata units) external;

    /// @notice Move all pledged units. By the pledgee.
    function forecloseAll(uint256 id) external;

    /// @notice Seconds that every new pledge gives at least from notice to foreclosure, so that a pledge is no way around the
    ///         waiting times of transfers. For REGULATOR.
    function setLeastNotice(uint40 seconds_) external;

    /* VIEWS */

    /// @return pledge The sides, the terms and where it stands.
    /// @return units What is pledged; empty when it is closed.
    function pledgeOf(uint256 id) external view returns (Pledge memory pledge, Units[] memory units);

    /// @return number 0: none is open.
    function exchangeOf(uint256 id) external view returns (uint32 number, Units[] memory removed, Units[] memory added);

    function pledgeCount() external view returns (uint256);

    /// @notice Numbers of the pledges in which `account` is pledgor or pledgee, in the order in which they were offered.
    /// @param from Position of the first one wanted.
    /// @param most How many at most.
    function pledgesOf(address account, uint256 from, uint256 most)
        external
        view
        returns (uint256[] memory ids, uint256 total);

    function leastNotice() external view returns (uint40);
}
