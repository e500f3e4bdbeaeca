// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Signing} from "./Signing.sol";

/// @dev A quorum that voids what comes next, which nobody ever attested.
abstract contract Voiding is Signing {
    /// A void was taken early or twice, or refused when it was due. Once broken, for ever.
    bool public misvoided;
    uint256 public voided;

    /// @param time The clock: due is a void once the horizon has passed, and upon its parent only.
    function _voidNext(uint256 sealedAt, uint256 time) internal {
        (uint256 last, bytes24 parent) = vault.lastBatch();
        bytes memory attestation = _void(last + 1, parent, sealedAt);
        bool isDue = time > sealedAt + vault.horizon();
        if (_isTaken(last + 1, sealedAt, attestation) != isDue) misvoided = true;
        if (!isDue) return;
        voided++;
        if (_isTaken(last + 2, sealedAt, attestation)) misvoided = true;
    }

    function _isTaken(uint256 index, uint256 sealedAt, bytes memory attestation)
        private
        returns (bool)
    {
        try vault.voidBatch(index, sealedAt, attestation) {
            return true;
        } catch {
            return false;
        }
    }
}
