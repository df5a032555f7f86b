// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IMethod } from "../../../../contracts/reporting/IMethod.sol";
import { Combustion } from "../../../../contracts/reporting/methods/Combustion.sol";
import { Process } from "../../../../contracts/reporting/methods/Process.sol";
import { FixedPoint, Rounding } from "../../../../contracts/types/FixedPoint.sol";
import { Test } from "../../support/Test.sol";
import { WideNumbers } from "../../support/WideNumbers.sol";

contract MethodsTest is Test {
    uint256 private constant ONE = 1e18;
    uint256 private constant HIGHEST = type(uint128).max;

    Combustion private combustion = new Combustion();
    Process private process = new Process();

    /* COMBUSTION */

    // @requirement R-MRV-3
    function test_burn_knownCase_isExact() public view {
        assertEq(_burn(1234.5e18, 0.0395e18, 56.1e18, ONE, 0), 2_735_590_275);
    }

    // @requirement R-MRV-3 factors of a national inventory with their 15 decimals (Coal, 2023: GJ/t x 1/1000 = TJ/t)
    function test_burn_inventoryFactors_loseNothing() public view {
        // exactly 2,149,805,014,714.811… g
        uint256 grams = _burn(1_000_000e18, 0.0239923261643246e18, 91.1724080327094e18, 0.982795794257924e18, 0);
        assertEq(grams, 2_149_805_014_715, "grams");
    }

    // @requirement R-MRV-3
    function test_burn_anyPhysicalInputs_equalsIndependentFormulation(
        uint256 activity,
        uint256 ncv,
        uint256 factor,
        uint256 oxidation,
        uint256 biomass
    ) public view {
        activity = bound(activity, 0, 1e10 * ONE); // all fuel that is burnt on Earth in a year, in tonnes
        ncv = bound(ncv, 0, 1 * ONE);
        factor = bound(factor, 0, 1000 * ONE);
        oxidation = bound(oxidation, 0, ONE);
        biomass = bound(biomass, 0, ONE);
        uint256[] memory values = new uint256[](6);
        (values[0], values[1], values[2], values[3], values[4], values[5]) =
        (activity, ncv, factor, oxidation, ONE - biomass, 1e6);

        assertEq(
            _burn(activity, ncv, factor, oxidation, biomass), WideNumbers.productOf(values, 5, Rounding.NEAREST), "g"
        );
    }

    // @requirement R-MRV-3 no overflow at physical extremes
    function test_burn_extremes_doNotOverflow() public view {
        assertEq(_burn(HIGHEST, ONE, 1e6, ONE, 0), _process(HIGHEST, 1e6, ONE), "highest activity");
        assertEq(_burn(HIGHEST, HIGHEST, 0, ONE, 0), 0, "nothing emitted");
        assertEq(_burn(1, 1, 1, 1, 0), 0, "the least inputs");
    }

    // @requirement R-MRV-3
    function test_burn_moreActivity_neverEmitsLess(uint256 less, uint256 more, uint256 factor) public view {
        less = bound(less, 0, 1e10 * ONE);
        more = bound(more, less, 1e10 * ONE);
        factor = bound(factor, 0, 1000 * ONE);
        assertLe(_burn(less, ONE / 25, factor, ONE, 0), _burn(more, ONE / 25, factor, ONE, 0), "monotone");
    }

    // @requirement R-MRV-3 a stream in two parts is the stream, but for a rounding of each part
    function test_burn_streamInTwoParts_addsUp(uint256 first, uint256 second, uint256 factor) public view {
        first = bound(first, 0, 1e9 * ONE);
        second = bound(second, 0, 1e9 * ONE);
        factor = bound(factor, 0, 1000 * ONE);
        uint256 whole = _burn(first + second, ONE / 25, factor, ONE, 0);
        uint256 parts = _burn(first, ONE / 25, factor, ONE, 0) + _burn(second, ONE / 25, factor, ONE, 0);
        assertLe(parts, whole + 1, "parts");
        assertLe(whole, parts + 1, "whole");
    }

    // @requirement R-MRV-3
    function test_burn_biomass_countsNothing() public view {
        assertEq(_burn(100e18, 0.01e18, 100e18, ONE, ONE), 0, "all of it");
        assertEq(_burn(100e18, 0.01e18, 100e18, ONE, 0.25e18), 75_000_000, "a quarter");
    }

    function test_burn_wrongLength_isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IMethod.MalformedInputs.selector, 128, 160));
        combustion.emissions(abi.encode(1, 2, 3, 4));
        vm.expectRevert(abi.encodeWithSelector(IMethod.MalformedInputs.selector, 161, 160));
        combustion.emissions(abi.encodePacked(abi.encode(1, 2, 3, 4, 5), uint8(0)));
    }

    function test_burn_inputOutOfRange_isNamed() public {
        _expectOutOfRange("oxidation", ONE + 1, ONE);
        _burn(1, 1, 1, ONE + 1, 0);
        _expectOutOfRange("biomass", ONE + 1, ONE);
        _burn(1, 1, 1, ONE, ONE + 1);
        _expectOutOfRange("activity", HIGHEST + 1, HIGHEST);
        _burn(HIGHEST + 1, 1, 1, ONE, 0);
        _expectOutOfRange("ncv", HIGHEST + 1, HIGHEST);
        _burn(1, HIGHEST + 1, 1, ONE, 0);
        _expectOutOfRange("factor", HIGHEST + 1, HIGHEST);
        _burn(1, 1, HIGHEST + 1, ONE, 0);
        vm.expectPartialRevert(FixedPoint.OutOfRange.selector);
        _burn(HIGHEST, HIGHEST, HIGHEST, ONE, 0);
    }

    /* PROCESS */

    // @requirement R-MRV-3
    function test_process_limestone_isExact() public view {
        // 1,000 t of calcium carbonate at 0.440 t CO2/t, 95 % converted
        assertEq(_process(1000e18, 0.44e18, 0.95e18), 418_000_000);
    }

    function test_process_anyInputs_equalsIndependentFormulation(uint256 activity, uint256 factor, uint256 conversion)
        public
        view
    {
        uint256[] memory values = new uint256[](4);
        values[0] = bound(activity, 0, 1e10 * ONE);
        values[1] = bound(factor, 0, 1e5 * ONE);
        values[2] = bound(conversion, 0, ONE);
        values[3] = 1e6;
        assertEq(_process(values[0], values[1], values[2]), WideNumbers.productOf(values, 3, Rounding.NEAREST), "grams");
    }

    function test_process_badInputs_areRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IMethod.MalformedInputs.selector, 64, 96));
        process.emissions(abi.encode(1, 2));
        _expectOutOfRange("activity", HIGHEST + 1, HIGHEST);
        _process(HIGHEST + 1, 1, 1);
        _expectOutOfRange("factor", HIGHEST + 1, HIGHEST);
        _process(1, HIGHEST + 1, 1);
        _expectOutOfRange("conversion", ONE + 1, ONE);
        _process(1, 1, ONE + 1);
    }

    /* HELP */

    function _burn(uint256 activity, uint256 ncv, uint256 factor, uint256 oxidation, uint256 biomass)
        private
        view
        returns (uint256)
    {
        return combustion.emissions(abi.encode(activity, ncv, factor, oxidation, biomass));
    }

    function _process(uint256 activity, uint256 factor, uint256 conversion) private view returns (uint256) {
        return process.emissions(abi.encode(activity, factor, conversion));
    }

    function _expectOutOfRange(bytes32 input, uint256 value, uint256 highest) private {
        vm.expectRevert(abi.encodeWithSelector(FixedPoint.OutOfRange.selector, input, value, highest));
    }
}
