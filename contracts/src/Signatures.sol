// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Accounts} from "./Accounts.sol";
import {data, get, put, tail, setTail} from "./Raw.sol";

/// @dev EIP-712 digests, their signers, and what a signer may do. Only ecrecover: an account with
/// code of its own (EIP-7702) still signs with its key, and nothing outside is ever called.
abstract contract Signatures is Accounts {
    bytes32 internal constant ORDER_TYPE = keccak256(
        "Order(bytes32 market,address account,uint8 side,uint32 price,uint32 quantity,"
        "uint8 timeInForce,uint8 postOnly,bool quote,bool leased,uint8 selfTradePrevention,"
        "uint8 trigger,uint32 triggerPrice,uint40 expiry,uint64 feeMax,uint40 nonce,uint16 slot)"
    );
    bytes32 internal constant NET_DELTA_TYPE = keccak256(
        "NetDelta(uint64 batch,bytes24 parent,address account,int64[] deltas,uint40 sequence,"
        "uint40 floor,uint256[] marks)"
    );
    bytes32 internal constant WITHDRAW_TYPE = keccak256(
        "Withdraw(address account,address token,uint64 quanta,uint40 nonce,uint40 expiry)"
    );
    bytes32 internal constant BATCH_TYPE =
        keccak256("Batch(uint64 index,bytes24 parent,bytes32 content,uint40 sealedAt)");
    bytes32 internal constant VOID_TYPE =
        keccak256("Void(uint64 index,bytes24 parent,uint40 sealedAt)");

    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    /// The least s that is refused: half the group order, and one more.
    uint256 private constant PAST_HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1;

    // What a batch works on lies at fixed places in memory, so that reaching it costs no arithmetic:
    /// 66 bytes to hash, of which 0x1901 and the domain stay, and at 96 what ecrecover takes (digest,
    /// v, r, s);
    uint256 internal constant SIGNING = 0x500;
    /// the signed struct of an order;
    uint256 internal constant FORM = 0x5e0;
    /// that of a net delta;
    uint256 internal constant DELTA_FORM = 0x800;
    /// a `Batch` (see Work); and where all of it ends.
    uint256 internal constant FRAME = 0x900;
    uint256 internal constant FRAME_END = 0xd00;
    uint256 internal constant TIME_MAX = 2 ** 40 - 1;
    uint256 internal constant COSIGN = 1 << 80;

    bytes32 private immutable homeDomain;
    uint256 private immutable homeChain;

    // A grant, from bit 0: until 40 | from 40 | cosign 1, and at bit 128 what a replaced grant
    // still allows, laid out alike.
    mapping(address account => mapping(address delegate => mapping(bytes32 market => uint256)))
        internal grants;

    constructor() {
        homeChain = block.chainid;
        homeDomain = _domain();
    }

    function domainSeparator() public view returns (bytes32) {
        // After a fork of the chain a signature must hold on one side only.
        return block.chainid == homeChain ? homeDomain : _domain();
    }

    function _domain() private view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPE, keccak256("Curb"), keccak256("1"), block.chainid, this)
        );
    }

    /// @dev Takes those places, before anything else is allocated that could lie there.
    function _takePlaces() internal view {
        assert(tail() <= SIGNING);
        setTail(FRAME_END);
        put(SIGNING, 0x1901 << 240);
        put(SIGNING + 2, uint256(domainSeparator()));
    }

    /// @dev Who signed, or zero for s above half the group order and for no signer at all. `at` is
    /// where in calldata the 64 bytes of r and of s with the parity in its top bit (EIP-2098) lie:
    /// v is 27 or 28 by the layout.
    function _recover(bytes32 structHash, uint256 at) internal view returns (address signer) {
        assembly ("memory-safe") {
            mstore(add(SIGNING, 34), structHash)
            mstore(add(SIGNING, 96), keccak256(SIGNING, 66))
            let s := calldataload(add(at, 32))
            mstore(add(SIGNING, 128), add(shr(255, s), 27))
            mstore(add(SIGNING, 160), calldataload(at))
            s := shr(1, shl(1, s))
            mstore(add(SIGNING, 192), s)
            // A failed recovery returns nothing, and leaves the zero.
            mstore(0, 0)
            pop(staticcall(gas(), 1, add(SIGNING, 96), 128, 0, 32))
            signer := mul(mload(0), lt(s, PAST_HALF_ORDER))
        }
    }

    /// @dev Who signed, for sure.
    function _signer(bytes32 structHash, uint256 at) internal view returns (address signer) {
        signer = _recover(structHash, at);
        if (signer == address(0)) revert BadSignature();
    }

    function _pair(bytes32 left, bytes32 right) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            mstore(0, left)
            mstore(32, right)
            digest := keccak256(0, 64)
        }
    }

    /// @dev keccak256("BulkOrder(Order" + "[2]" * height + " tree)" + the type of Order).
    function _bulkType(uint256 height) internal pure returns (bytes32) {
        if (height == 1)
            return 0x83c3c8b6a4da3ea8b6045c7f82dd8f8f3ee185efc65454aa367fe70607580a37;
        if (height == 2)
            return 0xa86d4dcf41135c15a0ecb381a3881891fef1d58f66ffab10057fa54f21d5009a;
        if (height == 3)
            return 0xdc597856399aab08cb4ed623dbd7592705092311caf1fdf24e5386f2f9dc97d6;
        if (height == 4)
            return 0xe142a92131a4af61a059c101654c27522770089690d80cf697762de6973f2a47;
        if (height == 5)
            return 0xbdf6c1229a6c5b06a03f8c4b2072bd467f5cece5bfd5db30f0537c1d4fc67162;
        if (height == 6)
            return 0xfa6320182666aa6be8df05b4d8d5a93bddaae3119edac813358203d9de9c32ad;
        if (height == 7)
            return 0x9f2785445065c3afbdfec78ad1ed4d37e287d2942e2ad6456cae0105c1ba6ff7;
        return 0x21e7bd4e8fb125d717c788ad762f2bbfa17712240e65a6d5571ceff4042929e8;
    }

    function _withdrawHash(
        address account,
        address erc20,
        uint256 quanta,
        uint256 nonce,
        uint256 expiry
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(WITHDRAW_TYPE, account, erc20, quanta, nonce, expiry));
    }

    /// @dev Reverts unless `signer`, who is not the account, may sign orders of `market` for it.
    /// Zero stands for a bad signature.
    function _mayTrade(address account, address signer, bytes32 market) internal view {
        if (signer == address(0)) revert BadSignature();
        mapping(bytes32 => uint256) storage given = grants[account][signer];
        if (_holds(given[market], false) || _holds(given[0], false)) return;
        revert NotAuthorised(account, signer);
    }

    /// @dev Reverts unless `signer`, who is not the account, may sign net deltas for it.
    /// Zero stands for a bad signature.
    function _mayCosign(address account, address signer) internal view {
        if (signer == address(0)) revert BadSignature();
        if (!_holds(grants[account][signer][0], true)) revert NotAuthorised(account, signer);
    }

    function _holds(uint256 grant, bool cosign) private view returns (bool) {
        uint256 late = grant >> 128;
        if (_covers(grant, cosign) && block.timestamp <= (grant & TIME_MAX) + grace) return true;
        return _covers(late, cosign) && block.timestamp < late & TIME_MAX;
    }

    function _covers(uint256 window, bool cosign) private view returns (bool) {
        if (window & TIME_MAX == 0 || window >> 40 & TIME_MAX > block.timestamp) return false;
        return !cosign || window & COSIGN != 0;
    }

    /// @dev Reverts unless a quorum signed `structHash`: a bitmap of validators (u32), then their
    /// signatures in ascending order, and nothing else.
    function _checkQuorum(
        bytes32 structHash,
        address[] memory list,
        bytes calldata attestations
    ) internal view {
        if (attestations.length < 4) revert BadAttestation();
        unchecked {
            uint256 at;
            uint256 p;
            assembly ("memory-safe") {
                at := attestations.offset
                p := add(list, 32)
            }
            uint256 bitmap = data(at) >> 224;
            if (bitmap >> list.length != 0) revert BadAttestation();
            uint256 count = 0;
            at += 4;
            for (; bitmap != 0; bitmap >>= 1) {
                if (bitmap & 1 != 0) {
                    // No validator is zero, so a bad signature is nobody's.
                    address signer = _recover(structHash, at);
                    if (uint160(signer) != get(p)) revert BadAttestation();
                    at += 64;
                    count++;
                }
                p += 32;
            }
            if (count < threshold || attestations.length != 4 + count * 64) {
                revert BadAttestation();
            }
        }
    }
}
