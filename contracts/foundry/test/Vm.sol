// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @dev The part of forge's cheat codes that the handler uses.
interface Vm {
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest)
        external
        pure
        returns (uint8 v, bytes32 r, bytes32 s);
    function prank(address sender) external;
    function warp(uint256 time) external;
    function assume(bool condition) external pure;
}
