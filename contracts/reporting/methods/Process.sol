// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { FixedPoint, Rounding } from "../../types/FixedPoint.sol";
import { IMethod } from "../IMethod.sol";

/// @title A process that sets greenhouse gases free: activity x emission factor x conversion (R-MRV-3).
/// @notice The unit of the activity is that for which the factor is given.
contract Process is IMethod {
    uint256 private constant _FIELDS = 3;
    uint256 private constant _GRAMS_PER_TONNE = 1e6;

    /// @inheritdoc IMethod
    function emissions(bytes calldata inputs) external pure returns (uint256 grams) {
        require(inputs.length == 32 * _FIELDS, MalformedInputs(inputs.length, 32 * _FIELDS));
        (uint256 activity, uint256 factor, uint256 conversion) = abi.decode(inputs, (uint256, uint256, uint256));
        FixedPoint.requireAtMost("activity", activity, FixedPoint.HIGHEST);
        FixedPoint.requireAtMost("factor", factor, FixedPoint.HIGHEST);
        FixedPoint.requireAtMost("conversion", conversion, FixedPoint.ONE);

        FixedPoint.Number memory tonnes = FixedPoint.number(activity, _FIELDS);
        FixedPoint.times(tonnes, factor);
        FixedPoint.times(tonnes, conversion);
        FixedPoint.times(tonnes, _GRAMS_PER_TONNE);
        return FixedPoint.rounded(tonnes, _FIELDS, Rounding.NEAREST);
    }

    /// @inheritdoc IMethod
    function schema() external pure returns (string memory) {
        return '[{"name":"activity","unit":"unit","decimals":18,"highest":"340282366920938463463374607431768211455"},'
            '{"name":"factor","unit":"t CO2e/unit","decimals":18,"highest":"340282366920938463463374607431768211455"},'
            '{"name":"conversion","unit":"1","decimals":18,"highest":"1000000000000000000","default":"1"}]';
    }
}
