// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC165 } from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title ERC-7943, the face for multi-token contracts (interface id 0x41c4fbad).
/// @notice Signatures are the standard's; the notes are about this suite.
interface IERC7943MultiToken is IERC165 {
    event ForcedTransfer(address indexed from, address indexed to, uint256 indexed tokenId, uint256 amount);
    /// @notice `amount` is the absolute frozen amount after the change; it may exceed the balance.
    event Frozen(address indexed account, uint256 indexed tokenId, uint256 amount);

    error ERC7943CannotSend(address account);
    error ERC7943CannotReceive(address account);
    error ERC7943CannotTransfer(address from, address to, uint256 tokenId, uint256 amount);
    error ERC7943InsufficientUnfrozenBalance(address account, uint256 tokenId, uint256 amount, uint256 unfrozen);

    /// @notice Only the AuthorityDesk. Takes what is not encumbered; frozen units are unfrozen first as far as needed.
    function forcedTransfer(address from, address to, uint256 tokenId, uint256 amount) external returns (bool);

    /// @notice Only the AuthorityDesk. Overwrites the amount.
    function setFrozenTokens(address account, uint256 tokenId, uint256 amount) external returns (bool);

    /// @notice Whether `account` is active, certified and not barred from transfers.
    function canSend(address account) external view returns (bool);

    /// @notice Whether `account` is active, certified and not barred from receipts.
    function canReceive(address account) external view returns (bool);

    function getFrozenTokens(address account, uint256 tokenId) external view returns (uint256);

    /// @notice Both sides eligible, the instrument open, the rules for direct transfers kept, and nothing bound in the way. A balance that is merely too small is
    ///         not a reason.
    function canTransfer(address from, address to, uint256 tokenId, uint256 amount) external view returns (bool);
}
