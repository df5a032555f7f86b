// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Rights } from "../types/Accounts.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { ITradingPlans } from "./ITradingPlans.sol";

/// @title Trading plans. Its manual is `ITradingPlans`.
/// @dev Nothing to initialize: the seed has set the authority. Calls nobody but the ledger, and that to read.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract TradingPlans is ITradingPlans, Governed {
    IEligibility private immutable LEDGER;

    /// @custom:storage-location erc7201:carbon.storage.TradingPlans
    struct Storage {
        mapping(address account => mapping(bytes32 period => uint32)) counts;
        mapping(address account => mapping(bytes32 period => mapping(uint32 version => PlanVersion))) versions;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.TradingPlans")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x032a86212370cdc0be22ec4d3002ba99ec87cd1d56c52ea238b0eb3d4db39c00;

    constructor(IEligibility ledger) {
        LEDGER = ledger;
    }

    /* FILING */

    /// @inheritdoc ITradingPlans
    function publishPlan(PlanPeriod calldata period, TradingPlan calldata plan) external returns (uint32 version) {
        address account = _acting(period);
        _requirePlan(plan);

        version = _file(account, period, keccak256(abi.encode(plan)), true);

        emit PlanPublished(account, period.instrument, period, version, msg.sender, plan);
    }

    /// @inheritdoc ITradingPlans
    function commitPlan(PlanPeriod calldata period, bytes32 commitment, bytes32 document)
        external
        returns (uint32 version)
    {
        address account = _acting(period);
        require(commitment != 0, DigestMissing());

        version = _file(account, period, commitment, false);

        emit PlanCommitted(account, period.instrument, period, version, msg.sender, commitment, document);
    }

    /// @inheritdoc ITradingPlans
    function openPlan(PlanPeriod calldata period, uint32 version, TradingPlan calldata plan, bytes32 salt) external {
        address account = _acting(period);
        PlanVersion storage committed = _s().versions[account][_keyOf(period)][version];
        require(committed.at != 0, UnknownPlan(account, version));
        require(!committed.isPublic, PlanIsOpen(account, version));
        _requirePlan(plan);
        bytes32 opened = commitmentOf(account, period, plan, salt);
        require(opened == committed.digest, NotAsCommitted(opened, committed.digest));

        committed.isPublic = true;

        emit PlanOpened(account, period.instrument, period, version, msg.sender, plan, salt);
    }

    function _file(address account, PlanPeriod calldata period, bytes32 digest, bool isPublic)
        private
        returns (uint32 version)
    {
        bytes32 key = _keyOf(period);
        version = ++_s().counts[account][key];
        _s().versions[account][key][version] =
            PlanVersion({ digest: digest, at: uint40(block.timestamp), isPublic: isPublic });
    }

    /// @dev The account that files; restrictions do not forbid saying what one means to do.
    function _acting(PlanPeriod calldata period) private view returns (address) {
        uint256 instrument = InstrumentId.unwrap(period.instrument);
        require(checkedInstrument(instrument).class() != InstrumentClass.MONEY, NoPlansFor(instrument));
        require(period.year != 0 && period.quarter <= 4, BadPlanPeriod(period.year, period.quarter));
        return LEDGER.actingFor(msg.sender, Rights.TRADE, 0);
    }

    function _requirePlan(TradingPlan calldata plan) private pure {
        bool trades = plan.toBuy != 0 || plan.toSell != 0;
        bool priced = trades ? plan.greatestPrice != 0 : plan.greatestPrice == 0;
        require(priced && plan.leastPrice <= plan.greatestPrice, BadPlan(plan.leastPrice, plan.greatestPrice));
    }

    function _keyOf(PlanPeriod calldata period) private pure returns (bytes32) {
        return keccak256(abi.encode(period));
    }

    /* VIEWS */

    /// @inheritdoc ITradingPlans
    function commitmentOf(address account, PlanPeriod calldata period, TradingPlan calldata plan, bytes32 salt)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(account, period, plan, salt));
    }

    /// @inheritdoc ITradingPlans
    function planCount(address account, PlanPeriod calldata period) external view returns (uint32) {
        return _s().counts[account][_keyOf(period)];
    }

    /// @inheritdoc ITradingPlans
    function planOf(address account, PlanPeriod calldata period, uint32 version)
        external
        view
        returns (PlanVersion memory)
    {
        return _s().versions[account][_keyOf(period)][version];
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
