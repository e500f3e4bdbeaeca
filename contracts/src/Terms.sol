// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IVault} from "./IVault.sol";

/// @dev What is fixed when the vault is made. The first validators and tokens live in the vault's own
/// code; where a venue has more validators, all live as the code of a little contract of their own,
/// since reading code once costs less than reading a storage slot for each of them.
abstract contract VenueTerms is IVault {
    uint256 internal constant VALIDATORS_MAX = 32;
    uint256 internal constant TOKENS_MAX = 32;

    uint256 public immutable threshold;
    uint256 public immutable tokenCount;
    uint256 public immutable settlerWindow;
    uint256 public immutable horizon;
    uint256 public immutable grace;
    uint256 public immutable exitDelay;

    uint256 internal immutable validatorCount;
    /// Validators that fit the vault's own code.
    uint256 private constant OWN_MAX = 4;
    address private immutable validator0;
    address private immutable validator1;
    address private immutable validator2;
    address private immutable validator3;
    /// Zero when they do.
    address private immutable roster;
    uint256 private immutable firstToken;
    uint256 private immutable secondToken;
    Token[] private furtherTokens;

    constructor(Terms memory terms) {
        uint256 count = terms.validators.length;
        if (count == 0 || count > VALIDATORS_MAX) revert InvalidTerms();
        if (terms.threshold == 0 || terms.threshold > count) revert InvalidTerms();
        for (uint256 i = 0; i < count; i++) {
            if (terms.validators[i] == address(0)) revert InvalidTerms();
            for (uint256 j = 0; j < i; j++) {
                if (terms.validators[i] == terms.validators[j]) revert InvalidTerms();
            }
        }
        if (terms.tokens.length < 2 || terms.tokens.length > TOKENS_MAX) revert InvalidTerms();
        for (uint256 i = 0; i < terms.tokens.length; i++) {
            Token memory token = terms.tokens[i];
            if (token.token == address(0) || token.quantum == 0) revert InvalidTerms();
            // Twice the same token would count its holdings twice against the cap.
            for (uint256 j = 0; j < i; j++) {
                if (token.token == terms.tokens[j].token) revert InvalidTerms();
            }
            if (i > 1) furtherTokens.push(token);
        }
        // What was matched must settle before an owner's request can take effect.
        if (terms.settlerWindow >= terms.horizon) revert InvalidTerms();
        if (terms.grace < terms.horizon || terms.grace > type(uint32).max) revert InvalidTerms();
        if (terms.exitDelay <= terms.horizon || terms.exitDelay > type(uint32).max) {
            revert InvalidTerms();
        }
        threshold = terms.threshold;
        validatorCount = count;
        tokenCount = terms.tokens.length;
        settlerWindow = terms.settlerWindow;
        horizon = terms.horizon;
        grace = terms.grace;
        exitDelay = terms.exitDelay;
        firstToken = _pack(terms.tokens[0]);
        secondToken = _pack(terms.tokens[1]);
        validator0 = terms.validators[0];
        validator1 = count > 1 ? terms.validators[1] : address(0);
        validator2 = count > 2 ? terms.validators[2] : address(0);
        validator3 = count > 3 ? terms.validators[3] : address(0);
        roster = count > OWN_MAX ? address(new Roster(terms.validators)) : address(0);
    }

    function validators() public view returns (address[] memory list) {
        list = new address[](validatorCount);
        if (validatorCount <= OWN_MAX) {
            list[0] = validator0;
            if (validatorCount > 1) list[1] = validator1;
            if (validatorCount > 2) list[2] = validator2;
            if (validatorCount > 3) list[3] = validator3;
            return list;
        }
        address from = roster;
        assembly ("memory-safe") {
            // One byte of the code keeps it from ever running.
            extcodecopy(from, add(list, 32), 1, mul(mload(list), 32))
        }
    }

    function tokenAt(uint256 token) external view returns (Token memory) {
        (address erc20, uint256 quantum) = _token(token);
        return Token(erc20, uint96(quantum));
    }

    function _token(uint256 token) internal view returns (address erc20, uint256 quantum) {
        if (token < 2) {
            uint256 word = token == 0 ? firstToken : secondToken;
            return (address(uint160(word)), word >> 160);
        }
        if (token >= tokenCount) revert UnknownToken(token);
        Token storage further = furtherTokens[token - 2];
        return (further.token, further.quantum);
    }

    function _pack(Token memory token) private pure returns (uint256) {
        return uint256(token.quantum) << 160 | uint160(token.token);
    }
}

/// @dev A contract whose code is a list of addresses, a word each, behind a byte that stops.
contract Roster {
    constructor(address[] memory list) {
        assembly ("memory-safe") {
            // The word before the list's first is its length; its last byte becomes the stop.
            let size := mul(mload(list), 32)
            mstore(list, 0)
            return(add(list, 31), add(size, 1))
        }
    }
}
