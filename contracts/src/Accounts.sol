// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {load, store} from "./Raw.sol";
import {VenueTerms} from "./Terms.sol";

/// @dev Balances and marks, packed. An account's own word, from the top:
///   sequence 40 | floor 40 | balance of token 0: 53 | of token 1: 53 | mark nonce 40 | filled 30
/// The mark in it is ring slot 0. Further balances are four to a word, further ring slots three.
/// So a trade of the main market costs one storage write for each account.
abstract contract Accounts is VenueTerms {
    uint256 internal constant BALANCE_MAX = 2 ** 53 - 1;
    uint256 internal constant NONCE_MAX = 2 ** 40 - 1;
    uint256 internal constant QUANTITY_MAX = 2 ** 30 - 1;
    uint256 internal constant MARK_MASK = 2 ** 70 - 1;

    uint256 internal constant SEQUENCE_AT = 216;
    uint256 internal constant FLOOR_AT = 176;
    uint256 internal constant BALANCE0_AT = 123;
    uint256 internal constant BALANCE1_AT = 70;

    mapping(address account => uint256 word) internal accounts;
    mapping(address account => uint256[8] words) internal furtherBalances;
    mapping(address account => uint256[21845] words) internal rings;

    function balanceOf(address account, uint256 token) public view returns (uint256) {
        if (token >= tokenCount) revert UnknownToken(token);
        if (token < 2) return accounts[account] >> _mainShift(token) & BALANCE_MAX;
        (uint256 place, uint256 shift) = _balancePlace(token);
        return furtherBalances[account][place] >> shift & BALANCE_MAX;
    }

    function accountOf(address account) external view returns (Account memory) {
        uint256 word = accounts[account];
        return Account({
            sequence: word >> SEQUENCE_AT,
            floor: word >> FLOOR_AT & NONCE_MAX,
            balance0: word >> BALANCE0_AT & BALANCE_MAX,
            balance1: word >> BALANCE1_AT & BALANCE_MAX,
            markNonce: word >> 30 & NONCE_MAX,
            markFilled: word & QUANTITY_MAX
        });
    }

    function markOf(address account, uint256 slot)
        external
        view
        returns (uint256 nonce, uint256 filled)
    {
        if (slot >= 2 ** 16) return (0, 0);
        uint256 mark = slot == 0 ? accounts[account] & MARK_MASK : _ringMark(_ringOf(account), slot);
        return (mark >> 30, mark & QUANTITY_MAX);
    }

    /// @dev The account's word with `delta` quanta of token 0 or 1 more.
    function _shifted(uint256 word, address account, uint256 token, int256 delta)
        internal
        pure
        returns (uint256)
    {
        uint256 shift = _mainShift(token);
        uint256 balance = word >> shift & BALANCE_MAX;
        uint256 changed = _changed(balance, account, token, delta);
        return word ^ (balance ^ changed) << shift;
    }

    /// @dev Changes the balance of a token that has no place in the account's word.
    function _changeFurther(address account, uint256 token, int256 delta) internal {
        (uint256 place, uint256 shift) = _balancePlace(token);
        uint256 word = furtherBalances[account][place];
        uint256 balance = word >> shift & BALANCE_MAX;
        uint256 changed = _changed(balance, account, token, delta);
        furtherBalances[account][place] = word ^ (balance ^ changed) << shift;
    }

    function _change(address account, uint256 token, int256 delta) internal {
        if (token < 2) accounts[account] = _shifted(accounts[account], account, token, delta);
        else _changeFurther(account, token, delta);
    }

    function _raisedFloor(uint256 word, uint256 floor) internal pure returns (uint256 raised) {
        assembly ("memory-safe") {
            let old := and(shr(176, word), 0xffffffffff)
            raised := xor(word, shl(176, mul(gt(floor, old), xor(floor, old))))
        }
    }

    function _raisedSequence(uint256 word, uint256 sequence)
        internal
        pure
        returns (uint256 raised)
    {
        assembly ("memory-safe") {
            let old := shr(216, word)
            raised := xor(word, shl(216, mul(gt(sequence, old), xor(sequence, old))))
        }
    }

    /// @dev A mark is nonce and filled lots, so a greater number is a later state of the slot.
    function _raisedMark(uint256 word, uint256 mark) internal pure returns (uint256) {
        uint256 old = word & MARK_MASK;
        return mark > old ? word ^ old ^ mark : word;
    }

    /// @dev Where the account's ring lies in storage: word i, with slots 3i+1 to 3i+3, at `+ i`.
    function _ringOf(address account) internal view returns (uint256 ring) {
        uint256[21845] storage words = rings[account];
        assembly ("memory-safe") {
            ring := words.slot
        }
    }

    /// @dev Where in storage a slot is, and how far up in its word.
    /// @param index The slot, which is above zero, less one.
    function _ringPlace(uint256 ring, uint256 index)
        internal
        pure
        returns (uint256 place, uint256 shift)
    {
        assembly ("memory-safe") {
            place := add(ring, div(index, 3))
            shift := mul(mod(index, 3), 70)
        }
    }

    function _ringMark(uint256 ring, uint256 slot) internal view returns (uint256 mark) {
        (uint256 place, uint256 shift) = _ringPlace(ring, slot - 1);
        return load(place) >> shift & MARK_MASK;
    }

    function _raiseRing(uint256 ring, uint256 slot, uint256 mark) internal {
        (uint256 place, uint256 shift) = _ringPlace(ring, slot - 1);
        uint256 word = load(place);
        uint256 old = word >> shift & MARK_MASK;
        if (mark > old) store(place, word ^ (old ^ mark) << shift);
    }

    /// @dev Where the account's own word lies in storage.
    function _placeOf(address account) internal view returns (uint256 place) {
        mapping(address => uint256) storage words = accounts;
        assembly ("memory-safe") {
            mstore(0, account)
            mstore(32, words.slot)
            place := keccak256(0, 64)
        }
    }

    function _changed(uint256 balance, address account, uint256 token, int256 delta)
        private
        pure
        returns (uint256 changed)
    {
        unchecked {
            // Below zero wraps to a number far above the cap. |delta| is below 2^200.
            changed = uint256(int256(balance) + delta);
        }
        if (changed > BALANCE_MAX) revert InsufficientBalance(account, token);
    }

    function _mainShift(uint256 token) private pure returns (uint256) {
        unchecked {
            return BALANCE0_AT - token * (BALANCE0_AT - BALANCE1_AT);
        }
    }

    function _balancePlace(uint256 token) private pure returns (uint256 place, uint256 shift) {
        unchecked {
            return ((token - 2) >> 2, ((token - 2) & 3) << 6);
        }
    }
}
