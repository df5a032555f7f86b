// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import { ERC20Permit } from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @dev As a stablecoin: any decimals, permit, and an issuer that refuses addresses. Everyone mints.
contract TestToken is ERC20, ERC20Permit {
    error Blacklisted(address account);

    uint8 private immutable DECIMALS;
    mapping(address account => bool) public blacklisted;

    constructor(uint8 decimals_) ERC20("Test", "TST") ERC20Permit("Test") {
        DECIMALS = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function blacklist(address account, bool on) external {
        blacklisted[account] = on;
    }

    function _update(address from, address to, uint256 value) internal virtual override {
        require(!blacklisted[from], Blacklisted(from));
        require(!blacklisted[to], Blacklisted(to));
        super._update(from, to, value);
    }
}

/// @dev Keeps a hundredth of what is moved, from the receiver, or from the sender on top.
contract FeeToken is TestToken(6) {
    bool public onTop;
    bool public free;

    function set(bool free_, bool onTop_) external {
        (free, onTop) = (free_, onTop_);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (free || from == address(0) || to == address(0)) return;
        super._update(onTop ? from : to, address(0), value / 100);
    }
}

/// @dev Balances are shares of a whole that grows and shrinks.
contract RebasingToken is TestToken(18) {
    uint256 public percent = 100;

    function rebase(uint256 percent_) external {
        percent = percent_;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) * percent / 100;
    }
}

/// @dev Answers false where others revert, and true where it did nothing when told to lie.
contract FalseToken {
    uint8 public constant decimals = 6;
    mapping(address account => uint256) public balanceOf;
    bool public lies;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function lie(bool on) external {
        lies = on;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        if (lies) return true;
        if (balanceOf[from] < amount) return false;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// @dev Answers nothing, as USDT; reverts without a reason where it cannot.
contract SilentToken {
    uint8 public constant decimals = 6;
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @dev Lets a listener act while it moves, as ERC-777's hooks do: before the balances change, and after.
contract HookToken is TestToken(18) {
    address private _listener;
    bytes private _before;
    bytes private _after;
    bytes public why; // of the listener's last failure
    uint256 public heard;

    /// @dev The listener is called as the token: a reentrant call of somebody who has rights would be made so.
    function listen(address listener, bytes calldata before_, bytes calldata after_) external {
        (_listener, _before, _after) = (listener, before_, after_);
    }

    function _update(address from, address to, uint256 value) internal override {
        bool moves = from != address(0) && to != address(0);
        if (moves) _call(_before);
        super._update(from, to, value);
        if (moves) _call(_after);
    }

    function _call(bytes memory data) private {
        if (data.length == 0) return;
        address listener = _listener;
        _listener = address(0);
        if (listener == address(0)) return;
        ++heard;
        (bool done, bytes memory answer) = listener.call(data);
        if (!done) why = answer;
        _listener = listener;
    }
}
