// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {elements, get, hashData, put} from "./Raw.sol";
import {Trades} from "./Trades.sol";

/// @dev The chain of batches: each is attested upon its parent, so nothing that was sealed upon
/// another history, or upon a batch that was voided, can ever be mined.
abstract contract Batches is Trades {
    // From the top: link 192 | index 28 | the last event's sequence 36. At a batch a second the
    // indexes last for eight years, at a thousand events a second the sequence lasts for two.
    uint256 private last;
    uint256 private constant INDEX_AT = 36;
    uint256 private constant INDEX_MAX = 2 ** 28 - 1;
    uint256 private constant EVENTS_MAX = 2 ** 36 - 1;

    function lastBatch() external view returns (uint256 index, bytes24 link) {
        return (last >> INDEX_AT & INDEX_MAX, bytes24(bytes32(last)));
    }

    function eventSequence() external view returns (uint256) {
        return last & EVENTS_MAX;
    }

    function settle(
        uint256 index,
        uint256 sealedAt,
        bytes calldata content,
        bytes calldata attestations
    ) external {
        _takePlaces();
        (bytes32 parent, address[] memory list) = _next(index);
        if (block.timestamp < sealedAt + settlerWindow) {
            _checkSettler(list, sealedAt + settlerWindow);
        }
        bytes32 attested = _batchHash(index, parent, hashData(content), sealedAt);
        _checkQuorum(attested, list, attestations);
        uint64 sequence = _advance(attested, index);
        uint256[] memory left = _settleContent(index, parent, content);
        uint64[] memory fees = _payFees(left);
        emit BatchSettled(sequence, uint64(index), bytes24(attested), msg.sender, fees);
    }

    function voidBatch(uint256 index, uint256 sealedAt, bytes calldata attestations) external {
        _takePlaces();
        (bytes32 parent, address[] memory list) = _next(index);
        if (sealedAt > TIME_MAX) revert Malformed();
        if (block.timestamp <= sealedAt + horizon) revert WithinHorizon(sealedAt + horizon);
        bytes32 voided = keccak256(abi.encode(VOID_TYPE, index, parent, sealedAt));
        _checkQuorum(voided, list, attestations);
        uint64 sequence = _advance(voided, index);
        emit BatchVoided(sequence, uint64(index), bytes24(voided));
    }

    /// @dev Behind its greatest the sequence begins anew, so that nothing can ever keep an owner from
    /// leaving.
    function _nextEvent() internal returns (uint64 sequence) {
        unchecked {
            uint256 word = last;
            sequence = uint64(word + 1 & EVENTS_MAX);
            last = word & ~EVENTS_MAX | sequence;
        }
    }

    /// @dev The batch becomes the last one.
    /// @return sequence Of its event.
    function _advance(bytes32 attested, uint256 index) private returns (uint64 sequence) {
        unchecked {
            sequence = uint64(last + 1 & EVENTS_MAX);
            last = _link(attested) | index << INDEX_AT | sequence;
        }
    }

    /// @dev The parent of the next batch, which `index` must name, and the validators.
    function _next(uint256 index) private view returns (bytes32 parent, address[] memory list) {
        uint256 word = last;
        uint256 expected = (word >> INDEX_AT & INDEX_MAX) + 1;
        if (index != expected || index > INDEX_MAX) revert WrongIndex(expected);
        return (bytes32(_link(bytes32(word))), validators());
    }

    function _link(bytes32 attested) private pure returns (uint256) {
        return uint256(attested) >> 64 << 64;
    }

    function _batchHash(uint256 index, bytes32 parent, bytes32 contentHash, uint256 sealedAt)
        private
        pure
        returns (bytes32)
    {
        if (sealedAt > TIME_MAX) revert Malformed();
        return keccak256(abi.encode(BATCH_TYPE, index, parent, contentHash, sealedAt));
    }

    function _checkSettler(address[] memory list, uint256 openAt) private view {
        unchecked {
            for (uint256 i = 0; i < list.length; i++) {
                if (list[i] == msg.sender) return;
            }
        }
        revert SettlerWindow(openAt);
    }

    /// @dev What the batch took and did not give is the submitter's.
    function _payFees(uint256[] memory left) private returns (uint64[] memory fees) {
        unchecked {
            uint256 p = elements(left);
            uint256 count = left.length;
            while (count != 0 && get(p + count * 32 - 32) == 0) count--;
            fees = new uint64[](count);
            if (count == 0) return fees;
            uint256 q;
            assembly ("memory-safe") {
                q := add(fees, 32)
            }
            uint256 word = accounts[msg.sender];
            for (uint256 i = 0; i < count; i++) {
                uint256 fee = get(p);
                // More given than taken is a negative rest.
                if (fee > BALANCE_MAX) revert NotConserved(i);
                put(q, fee);
                if (i < 2) word = _shifted(word, msg.sender, i, int256(fee));
                else if (fee != 0) _changeFurther(msg.sender, i, int256(fee));
                p += 32;
                q += 32;
            }
            accounts[msg.sender] = word;
        }
    }
}
