// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOrderEscrow } from "../../../contracts/instruments/IOrderEscrow.sol";
import { ICallAuctions } from "../../../contracts/market/ICallAuctions.sol";
import { IMarketOperations } from "../../../contracts/market/IMarketOperations.sol";
import { IMarketStop } from "../../../contracts/market/IMarketStop.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { IVoucherIssuer } from "../../../contracts/vouchers/IVoucherIssuer.sol";

/// @dev All that the order book answers, from all its parts.
interface IExchange is IOrderBook, IMarketOperations, ICallAuctions, IOrderEscrow, IMarketStop, IVoucherIssuer { }
