// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

// Tokens for tests and for a devnet: one that behaves, and every nasty kind. All can be minted by
// anyone.

/// @dev Of any decimals, with EIP-2612 permits.
contract PlainToken is ERC20Permit {
    uint8 private immutable places;

    constructor(string memory name, string memory symbol, uint8 places_)
        ERC20(name, symbol)
        ERC20Permit(name)
    {
        places = places_;
    }

    function decimals() public view override returns (uint8) {
        return places;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @dev Keeps one per cent of each transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : amount / 100;
        if (fee != 0) super._update(from, address(0xdead), fee);
        super._update(from, to, amount - fee);
    }
}

/// @dev Refuses to pay the recipients that it was told to refuse.
contract RefusingToken is ERC20("Refusing", "NO") {
    mapping(address => bool) public refused;

    error Refused(address to);

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function refuse(address to, bool whether) external {
        refused[to] = whether;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (refused[to]) revert Refused(to);
        super._update(from, to, amount);
    }
}

/// @dev Answers false in place of reverting.
contract FalseToken is ERC20("False", "FALSE") {
    bool public failing;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function fail(bool whether) external {
        failing = whether;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return failing ? false : super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount)
        public
        override
        returns (bool)
    {
        return failing ? false : super.transferFrom(from, to, amount);
    }
}

/// @dev Calls a target in the middle of each transfer, as tokens with hooks do.
contract HookToken is ERC20("Hook", "HOOK") {
    address public target;
    bytes public data;
    /// How the last call from within a transfer ended.
    bool public succeeded;
    bytes public answer;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function hook(address target_, bytes calldata data_) external {
        target = target_;
        data = data_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (target == address(0)) return;
        (succeeded, answer) = target.call(data);
    }
}

/// @dev Transfers return nothing, as those of some early tokens, and an allowance changes only from
/// or to nothing.
contract SilentToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    error NotFromNothing();

    function approve(address spender, uint256 amount) external {
        if (amount != 0 && allowance[msg.sender][spender] != 0) revert NotFromNothing();
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

/// @dev Counts nonces and names a domain, but its permit is not that of EIP-2612.
contract OtherPermitToken is ERC20Permit {
    error OtherPermit();

    constructor(string memory name, string memory symbol, uint8)
        ERC20(name, symbol)
        ERC20Permit(name)
    {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32)
        public
        pure
        override
    {
        revert OtherPermit();
    }
}
