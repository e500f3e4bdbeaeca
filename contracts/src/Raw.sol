// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

// Words of calldata, memory and storage by address. Whoever writes behind `tail()` without moving it has
// scratch that lasts until the next allocation.

/// @dev The 32 bytes of calldata at `at`; zeros behind its end.
function data(uint256 at) pure returns (uint256 word) {
    assembly ("memory-safe") {
        word := calldataload(at)
    }
}

function get(uint256 p) pure returns (uint256 word) {
    assembly ("memory-safe") {
        word := mload(p)
    }
}

function put(uint256 p, uint256 word) pure {
    assembly ("memory-safe") {
        mstore(p, word)
    }
}

function load(uint256 place) view returns (uint256 word) {
    assembly ("memory-safe") {
        word := sload(place)
    }
}

function store(uint256 place, uint256 word) {
    assembly ("memory-safe") {
        sstore(place, word)
    }
}

function hash(uint256 p, uint256 size) pure returns (bytes32 digest) {
    assembly ("memory-safe") {
        digest := keccak256(p, size)
    }
}

/// @dev The end of allocated memory.
function tail() pure returns (uint256 p) {
    assembly ("memory-safe") {
        p := mload(0x40)
    }
}

function setTail(uint256 p) pure {
    assembly ("memory-safe") {
        mstore(0x40, p)
    }
}

/// @dev Where the elements of an array begin.
function elements(uint256[] memory list) pure returns (uint256 p) {
    assembly ("memory-safe") {
        p := add(list, 32)
    }
}

/// @dev keccak256 of calldata, by way of scratch.
function hashData(bytes calldata content) pure returns (bytes32 digest) {
    assembly ("memory-safe") {
        let p := mload(0x40)
        calldatacopy(p, content.offset, content.length)
        digest := keccak256(p, content.length)
    }
}
