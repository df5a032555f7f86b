// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { FixedPoint, Rounding } from "../../types/FixedPoint.sol";
import { IMethod } from "../IMethod.sol";

/// @title Burning a fuel: activity x net calorific value x emission factor x oxidation x (1 − biomass share) (R-MRV-3).
/// @notice The unit of the activity is that in which the calorific value is given: a tonne, a thousand cubic metres, ….
///         Carbon from biomass counts nothing.
contract Combustion is IMethod {
    uint256 private constant _FIELDS = 5;
    uint256 private constant _GRAMS_PER_TONNE = 1e6;

    /// @inheritdoc IMethod
    function emissions(bytes calldata inputs) external pure returns (uint256 grams) {
        require(inputs.length == 32 * _FIELDS, MalformedInputs(inputs.length, 32 * _FIELDS));
        (uint256 activity, uint256 ncv, uint256 factor, uint256 oxidation, uint256 biomass) =
            abi.decode(inputs, (uint256, uint256, uint256, uint256, uint256));
        FixedPoint.requireAtMost("activity", activity, FixedPoint.HIGHEST);
        FixedPoint.requireAtMost("ncv", ncv, FixedPoint.HIGHEST);
        FixedPoint.requireAtMost("factor", factor, FixedPoint.HIGHEST);
        FixedPoint.requireAtMost("oxidation", oxidation, FixedPoint.ONE);
        FixedPoint.requireAtMost("biomass", biomass, FixedPoint.ONE);

        FixedPoint.Number memory tonnes = FixedPoint.number(activity, _FIELDS);
        FixedPoint.times(tonnes, ncv);
        FixedPoint.times(tonnes, factor);
        FixedPoint.times(tonnes, oxidation);
        FixedPoint.times(tonnes, FixedPoint.ONE - biomass);
        FixedPoint.times(tonnes, _GRAMS_PER_TONNE);
        return FixedPoint.rounded(tonnes, _FIELDS, Rounding.NEAREST);
    }

    /// @inheritdoc IMethod
    function schema() external pure returns (string memory) {
        return '[{"name":"activity","unit":"unit","decimals":18,"highest":"340282366920938463463374607431768211455"},'
            '{"name":"ncv","unit":"TJ/unit","decimals":18,"highest":"340282366920938463463374607431768211455"},'
            '{"name":"factor","unit":"t CO2e/TJ","decimals":18,"highest":"340282366920938463463374607431768211455"},'
            '{"name":"oxidation","unit":"1","decimals":18,"highest":"1000000000000000000","default":"1"},'
            '{"name":"biomass","unit":"1","decimals":18,"highest":"1000000000000000000","default":"0"}]';
    }
}
