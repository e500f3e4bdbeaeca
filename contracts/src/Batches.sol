// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {elements, get, hashData, put} from "./Raw.sol";
import {Trades} from "./Trades.sol";

/// @dev The chain of batches: each is attested upon its parent, so nothing that was sealed upon
/// another history, or upon a batch that was voided, can ever be mined.
abstract contract Batches is Trades {
    // From the top: link 192 | index 64.
    uint256 private last;
    uint64 private events;

    function lastBatch() external view returns (uint256 index, bytes24 link) {
        return (uint64(last), bytes24(bytes32(last)));
    }

    function eventSequence() external view returns (uint256) {
        return events;
    }

    function settle(
        uint256 index,
        uint256 sealedAt,
        bytes calldata content,
        bytes calldata attestations
    ) external {
        uint256 signing = _signing();
        (bytes32 parent, address[] memory list) = _next(index);
        if (block.timestamp < sealedAt + settlerWindow) {
            _checkSettler(list, sealedAt + settlerWindow);
        }
        bytes32 attested = _batchHash(index, parent, hashData(content), sealedAt);
        _checkQuorum(signing, attested, list, attestations);
        last = _link(attested) | index;
        uint256[] memory left = _settleContent(signing, index, parent, content);
        uint64[] memory fees = _payFees(left);
        emit BatchSettled(
            _nextEvent(), uint64(index), bytes24(attested), msg.sender, fees
        );
    }

    function voidBatch(
        uint256 index,
        uint256 sealedAt,
        bytes32 contentHash,
        bytes calldata attestations,
        bytes calldata voids
    ) external {
        uint256 signing = _signing();
        (bytes32 parent, address[] memory list) = _next(index);
        bytes32 attested = _batchHash(index, parent, contentHash, sealedAt);
        _checkQuorum(signing, attested, list, attestations);
        if (block.timestamp <= sealedAt + horizon) revert WithinHorizon(sealedAt + horizon);
        bytes32 voided = keccak256(abi.encode(VOID_TYPE, index, parent));
        _checkQuorum(signing, voided, list, voids);
        last = _link(voided) | index;
        emit BatchVoided(_nextEvent(), uint64(index));
    }

    function _nextEvent() internal returns (uint64) {
        return ++events;
    }

    /// @dev The parent of the next batch, which `index` must name, and the validators.
    function _next(uint256 index) private view returns (bytes32 parent, address[] memory list) {
        uint256 word = last;
        if (index != uint256(uint64(word)) + 1) revert WrongIndex(uint256(uint64(word)) + 1);
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
