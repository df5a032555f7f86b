// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import { ERC1967Utils } from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import { Initializable } from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import { UUPSUpgradeable } from "@openzeppelin/contracts-upgradeable/proxy/utils/UUPSUpgradeable.sol";

import { Governed } from "../../../contracts/governance/Governed.sol";
import { GovernedProxy } from "../../../contracts/governance/GovernedProxy.sol";
import { IGovernedProxy } from "../../../contracts/governance/IGovernedProxy.sol";
import { PreviousImplementation } from "../../../contracts/governance/PreviousImplementation.sol";
import { Seed } from "../../../contracts/governance/Seed.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { Suite } from "../support/Suite.sol";

bytes32 constant IMPLEMENTATION_SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

/// @dev A version that works.
contract First is Governed {
    uint256 public number;

    function initialize(uint256 number_) external reinitializer(2) {
        number = number_;
    }

    function setNumber(uint256 number_) external restricted {
        number = number_;
    }

    function version() external pure virtual returns (uint256) {
        return 1;
    }
}

contract Second is First {
    uint256 public added;

    function initializeSecond(uint256 added_) external reinitializer(3) {
        added = added_;
    }

    function version() external pure override returns (uint256) {
        return 2;
    }
}

/// @dev The least that an upgrade accepts. What follows is broken, each in its own way.
contract Bare {
    function proxiableUUID() external pure returns (bytes32) {
        return IMPLEMENTATION_SLOT;
    }
}

contract Reverting is Bare {
    error Broken();

    fallback() external {
        revert Broken();
    }
}

contract Burning is Bare {
    fallback() external {
        assembly ("memory-safe") {
            for { } 1 { } { }
        }
    }
}

contract Invalid is Bare {
    fallback() external {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @dev Answers with what it was called with, or reverts with it where it begins with 0xff.
contract Echo is Bare {
    fallback(bytes calldata given) external returns (bytes memory) {
        if (given.length == 0 || given[0] != 0xff) return given;
        bytes memory answer = given;
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }
}

/// @dev Answers everything with nothing, as if all were well.
contract Silent is Bare {
    fallback() external { }
}

/// @dev Would rather not go.
contract Selfish is Bare {
    error Mine();

    function rollback() external pure {
        revert Mine();
    }

    function previousImplementation() external view returns (address) {
        return address(this);
    }

    function upgradeToAndCall(address, bytes calldata) external payable {
        revert Mine();
    }
}

/// @dev Has its own code and storage destroyed, by code that it calls.
contract Destroying is Bare {
    address private immutable BOMB;

    constructor(address bomb) {
        BOMB = bomb;
    }

    fallback() external {
        (bool ok,) = BOMB.delegatecall("");
        require(ok);
    }
}

/// @dev Claims, when it is initialized, to have replaced itself.
contract Grasping is Bare {
    function grasp() external {
        PreviousImplementation.set(address(0x6A59));
    }
}

contract WrongSlot {
    function proxiableUUID() external pure returns (bytes32) {
        return bytes32(uint256(1));
    }
}

contract GovernedProxyTest is Suite {
    address private upgrader = address(0x0961);
    address private operator = address(0x0962);
    address private stranger = address(0x0963);

    address private proxy;
    First private first;
    Second private second;

    function setUp() public {
        proxy = newProxy();
        first = new First();
        second = new Second();
        permit(proxy, UUPSUpgradeable.upgradeToAndCall.selector, Roles.UPGRADER);
        permit(proxy, IGovernedProxy.rollback.selector, Roles.ROLLBACK);
        grant(Roles.UPGRADER, upgrader);
        grant(Roles.ROLLBACK, operator);
    }

    function upgrade(address to, bytes memory data) private {
        vm.prank(upgrader);
        Governed(proxy).upgradeToAndCall(to, data);
    }

    function start() private {
        upgrade(address(first), abi.encodeCall(First.initialize, (42)));
    }

    function rollback() private {
        vm.prank(operator);
        IGovernedProxy(proxy).rollback();
    }

    function implementation() private view returns (address) {
        return address(uint160(uint256(vm.load(proxy, IMPLEMENTATION_SLOT))));
    }

    function previous() private view returns (address) {
        return IGovernedProxy(proxy).previousImplementation();
    }

    /* UPGRADING */

    // @requirement R-ACC-1
    function test_upgrade_byUpgrader_runsTheNewVersionWithTheOldState() public {
        start();
        upgrade(address(second), abi.encodeCall(Second.initializeSecond, (7)));

        assertEq(Second(proxy).version(), 2);
        assertEq(Second(proxy).number(), 42, "state kept");
        assertEq(Second(proxy).added(), 7, "state added");
        assertEq(previous(), address(first), "the way back");
        assertEq(Second(proxy).authority(), address(authority));
    }

    // @requirement R-ACC-1
    function test_upgrade_byStranger_refused() public {
        start();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        Governed(proxy).upgradeToAndCall(address(second), "");
    }

    // @requirement R-ACC-1
    function test_upgrade_byRollbackRole_refused() public {
        start();
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, operator));
        Governed(proxy).upgradeToAndCall(address(second), "");
    }

    function test_upgrade_fromSeedByStranger_refused() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        Governed(proxy).upgradeToAndCall(address(first), "");
    }

    function test_upgrade_toWhatIsNoImplementation_refused() public {
        start();
        vm.expectRevert(abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, address(authority)));
        upgrade(address(authority), "");
    }

    function test_upgrade_toAnotherSlot_refused() public {
        start();
        address wrong = address(new WrongSlot());
        vm.expectRevert(abi.encodeWithSelector(UUPSUpgradeable.UUPSUnsupportedProxiableUUID.selector, uint256(1)));
        upgrade(wrong, "");
    }

    function test_upgrade_ofTheImplementationItself_refused() public {
        vm.expectRevert(UUPSUpgradeable.UUPSUnauthorizedCallContext.selector);
        first.upgradeToAndCall(address(second), "");
    }

    function test_upgrade_thatFailsToInitialize_leavesAllAsItWas() public {
        start();
        address broken = address(new Reverting());
        vm.expectRevert(Reverting.Broken.selector);
        upgrade(broken, "data");

        assertEq(First(proxy).version(), 1);
        assertEq(previous(), address(0), "no way back remembered");
    }

    function test_upgrade_toItself_keepsTheWayBack() public {
        start();
        upgrade(address(second), "");
        upgrade(address(second), "");

        assertEq(previous(), address(first));
        rollback();
        assertEq(First(proxy).version(), 1);
    }

    /* INITIALIZING */

    function test_initialize_twice_refused() public {
        start();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        First(proxy).initialize(1);
    }

    function test_initialize_byStranger_refused() public {
        start();
        vm.prank(stranger);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        First(proxy).initialize(1);
    }

    function test_initialize_seedByStranger_refused() public {
        vm.prank(stranger);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        Seed(proxy).initialize(stranger);
    }

    function test_initialize_implementations_refused() public {
        Seed seed = new Seed();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        seed.initialize(stranger);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        first.initialize(1);
    }

    function test_initialize_afterRollback_refused() public {
        start();
        upgrade(address(second), abi.encodeCall(Second.initializeSecond, (7)));
        rollback();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        First(proxy).initialize(1);
    }

    /* ROLLING BACK */

    // @requirement R-OPS-1
    function test_rollback_afterUpgrade_returnsWithStateKept() public {
        start();
        upgrade(address(second), "");
        First(proxy).setNumber(43); // written by the new version

        vm.expectEmit(proxy);
        emit IGovernedProxy.RolledBack(address(second), address(first));
        rollback();

        assertEq(First(proxy).version(), 1);
        assertEq(First(proxy).number(), 43, "state kept");
        assertEq(First(proxy).authority(), address(authority));
        assertEq(previous(), address(0), "one step only");
    }

    // @requirement R-OPS-1
    function test_rollback_fromEveryBrokenVersion_works() public {
        address bomb = address(0xB0B);
        vm.etch(bomb, hex"33ff"); // selfdestruct(caller)
        address[7] memory broken = [
            address(new Bare()),
            address(new Reverting()),
            address(new Burning()),
            address(new Invalid()),
            address(new Silent()),
            address(new Selfish()),
            address(new Destroying(bomb))
        ];
        start();
        for (uint256 i; i < broken.length; ++i) {
            upgrade(broken[i], "");
            assertEq(implementation(), broken[i], "broken version runs");
            (bool ok,) = proxy.call{ gas: 100_000 }(abi.encodeCall(First.version, ()));
            ok; // whatever it says
            assertEq(previous(), address(first), "the way back stands");

            rollback();

            assertEq(First(proxy).version(), 1);
            assertEq(First(proxy).number(), 42, "state kept");
        }
    }

    // @requirement R-OPS-1
    function test_rollback_newVersionWroteTheWayBackWhileInitializing_leadsToWhatItReplaced() public {
        start();
        upgrade(address(new Grasping()), abi.encodeCall(Grasping.grasp, ()));
        assertEq(previous(), address(first));
        rollback();
        assertEq(First(proxy).version(), 1);
    }

    function test_rollback_twice_refused() public {
        start();
        upgrade(address(second), "");
        rollback();
        vm.expectRevert(abi.encodeWithSelector(IGovernedProxy.NothingToRollBackTo.selector, address(first)));
        rollback();
    }

    function test_rollback_thenUpgradeAgain_possibleAgain() public {
        start();
        upgrade(address(second), "");
        rollback();
        upgrade(address(second), "");
        assertEq(Second(proxy).version(), 2);
        rollback();
        assertEq(First(proxy).version(), 1);
    }

    function test_rollback_ofTheFirstVersion_neverLeadsToTheSeed() public {
        address seed = implementation();
        vm.expectRevert(abi.encodeWithSelector(IGovernedProxy.NothingToRollBackTo.selector, seed));
        rollback();

        start();
        assertEq(previous(), address(0));
        vm.expectRevert(abi.encodeWithSelector(IGovernedProxy.NothingToRollBackTo.selector, address(first)));
        rollback();
    }

    // @requirement R-ACC-1
    function test_rollback_byStranger_refused() public {
        start();
        upgrade(address(second), "");
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IGovernedProxy.MayNotRollBack.selector, stranger));
        IGovernedProxy(proxy).rollback();
    }

    // @requirement R-ACC-1
    function test_rollback_byUpgrader_refused() public {
        start();
        upgrade(address(second), "");
        vm.prank(upgrader);
        vm.expectRevert(abi.encodeWithSelector(IGovernedProxy.MayNotRollBack.selector, upgrader));
        IGovernedProxy(proxy).rollback();
    }

    function test_rollback_roleWithDelay_refused() public {
        start();
        upgrade(address(second), "");
        authority.grantRole(Roles.ROLLBACK, stranger, 1 days);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IGovernedProxy.MayNotRollBack.selector, stranger));
        IGovernedProxy(proxy).rollback();
    }

    function test_rollback_withMoney_refused() public {
        start();
        upgrade(address(second), "");
        vm.deal(operator, 1);
        vm.prank(operator);
        (bool ok,) = proxy.call{ value: 1 }(abi.encodeCall(IGovernedProxy.rollback, ()));
        assertFalse(ok, "not payable");
    }

    /* WHAT IS NOT ITS OWN */

    // Its own two selectors are calls of four bytes; all else is the implementation's, to the last byte both ways.
    function test_fallback_anythingElse_isTheImplementations() public {
        start();
        upgrade(address(new Echo()), "");
        bytes memory rollback_ = abi.encodeCall(IGovernedProxy.rollback, ());
        bytes[7] memory calls = [
            bytes(""),
            hex"01",
            hex"ff0102",
            abi.encodePacked(rollback_, hex"00"),
            abi.encodePacked(IGovernedProxy.previousImplementation.selector, uint256(1)),
            abi.encodePacked(hex"01020304", new bytes(5000)),
            abi.encodePacked(hex"ff020304", new bytes(5000))
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(operator);
            (bool done, bytes memory answer) = proxy.call(calls[i]);
            assertEq(done, calls[i].length == 0 || calls[i][0] != 0xff, "reverts as it does");
            assertEq(keccak256(answer), keccak256(calls[i]), "to the last byte");
        }
        assertTrue(implementation() != address(first), "nothing was rolled back");
        rollback();
        assertEq(implementation(), address(first));
    }

    /* BIRTH */

    function test_proxy_withoutInitialization_refused() public {
        address seed = address(new Seed());
        vm.expectRevert();
        new GovernedProxy(seed, address(authority), "");
    }
}
