// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IVault} from "../../src/IVault.sol";
import {Vm} from "./Vm.sol";

/// @dev What traders and validators of the fuzzed venue sign, and how a batch names it.
abstract contract Signing {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 internal constant ACTORS = 4;
    uint256 internal constant VALIDATOR = 0xbeef;
    uint256 public constant LOT = 10;
    uint256 public constant TICK = 2;
    uint256 public constant FEE_MAX = 50;

    bytes32 private constant ORDER_TYPE = keccak256(
        "Order(bytes32 market,address account,uint8 side,uint32 price,uint32 quantity,"
        "uint8 timeInForce,uint8 postOnly,bool quote,bool leased,uint8 selfTradePrevention,"
        "uint8 trigger,uint32 triggerPrice,uint40 expiry,uint64 feeMax,uint40 nonce,uint16 slot)"
    );
    bytes32 private constant NET_DELTA_TYPE = keccak256(
        "NetDelta(uint64 batch,bytes24 parent,address account,int64[] deltas,uint40 sequence,"
        "uint40 floor,uint256[] marks)"
    );
    bytes32 private constant WITHDRAW_TYPE = keccak256(
        "Withdraw(address account,address token,uint64 quanta,uint40 nonce,uint40 expiry)"
    );
    bytes32 private constant BATCH_TYPE =
        keccak256("Batch(uint64 index,bytes24 parent,bytes32 content,uint40 sealedAt)");
    bytes32 private constant VOID_TYPE =
        keccak256("Void(uint64 index,bytes24 parent,uint40 sealedAt)");
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    struct Signed {
        uint256 actor;
        bool sell;
        bool ioc;
        uint256 price;
        uint256 quantity;
        uint256 expiry;
        uint256 nonce;
        uint256 slot;
        uint256 filled;
        /// Signed for this vault on another chain.
        bool foreign;
    }

    struct Delta {
        uint256 actor;
        int256[3] quanta;
        uint256 sequence;
        uint256 floor;
        uint256 mark;
    }

    IVault public immutable vault;

    constructor(IVault vault_) {
        vault = vault_;
    }

    function actor(uint256 i) public pure returns (address) {
        return vm.addr(0xa11ce + i);
    }

    function _market() internal pure returns (bytes memory) {
        return abi.encodePacked(
            uint8(1), uint8(0), uint8(1), uint56(LOT), uint56(TICK), uint16(30), uint16(60),
            uint56(3)
        );
    }

    function _order(Signed storage order) internal view returns (bytes memory) {
        return abi.encodePacked(
            actor(order.actor), uint8(0), uint16(1),
            uint16((order.sell ? 1 : 0) | (order.ioc ? 2 : 0)), uint8(0), uint32(order.price),
            uint32(order.quantity), uint40(order.expiry), uint56(FEE_MAX), uint40(order.nonce),
            uint16(order.slot),
            _sign(
                0xa11ce + order.actor,
                order.foreign ? _foreignDomain() : vault.domainSeparator(),
                _orderHash(order)
            )
        );
    }

    function _orderHash(Signed storage order) private view returns (bytes32) {
        bytes32 market = keccak256(abi.encode(address(vault), 0, 1, LOT, TICK, 30, 60, 3));
        return keccak256(
            bytes.concat(
                abi.encode(
                    ORDER_TYPE, market, actor(order.actor), order.sell, order.price,
                    order.quantity, order.ioc, 0, false
                ),
                abi.encode(false, 0, 0, 0, order.expiry, FEE_MAX, order.nonce, order.slot)
            )
        );
    }

    /// @dev For the next batch.
    function _delta(Delta memory delta) internal view returns (bytes memory) {
        (uint256 last, bytes24 parent) = vault.lastBatch();
        bytes32 structHash = keccak256(
            abi.encode(
                NET_DELTA_TYPE,
                last + 1,
                parent,
                actor(delta.actor),
                keccak256(abi.encode(delta.quanta)),
                delta.sequence,
                delta.floor,
                keccak256(abi.encode(delta.mark))
            )
        );
        return abi.encodePacked(
            actor(delta.actor), uint8(1), uint8(3), uint16(1), uint40(delta.sequence),
            uint40(delta.floor), int64(delta.quanta[0]), int64(delta.quanta[1]),
            int64(delta.quanta[2]), uint88(delta.mark),
            _sign(0xa11ce + delta.actor, vault.domainSeparator(), structHash)
        );
    }

    function _withdrawal(
        uint256 who,
        address erc20,
        uint256 token,
        uint256 quanta,
        uint256 nonce,
        uint256 expiry
    ) internal view returns (bytes memory) {
        bytes32 structHash =
            keccak256(abi.encode(WITHDRAW_TYPE, actor(who), erc20, quanta, nonce, expiry));
        return abi.encodePacked(
            actor(who), uint8(token), uint56(quanta), uint40(nonce), uint40(expiry),
            _sign(0xa11ce + who, vault.domainSeparator(), structHash)
        );
    }

    function _attestation(uint256 index, bytes24 parent, bytes memory content, uint256 sealedAt)
        internal
        view
        returns (bytes memory)
    {
        return _quorum(
            keccak256(abi.encode(BATCH_TYPE, index, parent, keccak256(content), sealedAt))
        );
    }

    function _void(uint256 index, bytes24 parent, uint256 sealedAt)
        internal
        view
        returns (bytes memory)
    {
        return _quorum(keccak256(abi.encode(VOID_TYPE, index, parent, sealedAt)));
    }

    function _quorum(bytes32 structHash) private view returns (bytes memory) {
        return abi.encodePacked(uint32(1), _sign(VALIDATOR, vault.domainSeparator(), structHash));
    }

    function _foreignDomain() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN_TYPE, keccak256("Curb"), keccak256("1"), block.chainid + 1, address(vault)
            )
        );
    }

    function _sign(uint256 key, bytes32 domain, bytes32 structHash)
        private
        pure
        returns (bytes memory)
    {
        bytes32 digest = keccak256(abi.encodePacked(bytes2(0x1901), domain, structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, v == 28 ? bytes32(uint256(s) | 1 << 255) : s);
    }
}
