// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {data, put, hash, tail, setTail} from "./Raw.sol";
import {Signatures} from "./Signatures.sol";

/// @dev The running batch: where its parts are in memory, and its markets. The
/// layout is in docs/settlement.md. In memory, for the time of one batch:
///   a market  its hash; of the eight words that were hashed the first three have become: the bits
///             of its tokens, where the running account's deltas of base and of quote are; then
///             lotSize, tickValue, makerBps, takerBps, takerFeeMin
///   a group   (of the order side) account, its word, its first order's pointer, its count of orders,
///             where its ring and its word lie in storage
///   an order  its 30 bytes; market's pointer 32 | group 16 | resting price 32 | remaining 32;
///             took 1 | fees 73 | quote 136 | filled here 46
abstract contract Work is Signatures {
    uint256 internal constant MARKET_SIZE = 288;
    uint256 internal constant GROUP_SIZE = 192;
    uint256 internal constant ORDER_SIZE = 96;
    uint256 internal constant M16 = 2 ** 16 - 1;
    uint256 internal constant M32 = 2 ** 32 - 1;
    uint256 internal constant M40 = 2 ** 40 - 1;
    uint256 internal constant M56 = 2 ** 56 - 1;

    struct Batch {
        /// Cursor in calldata.
        uint256 at;
        /// What the deltas of each token leave over, and one account's deltas.
        uint256 net;
        uint256 deltas;
        uint256 markets;
        uint256 marketCount;
        uint256 groups;
        uint256 groupsEnd;
        uint256 orders;
        uint256 orderCount;
        /// Of the signed struct of an order most fields stay from one to the next: the flags and
        /// market (24 bits, and one more bit) that are in it now; that market's pointer and the
        /// running group's index, as an order's second word has them.
        uint256 formKind;
        uint256 formPlace;
        /// The form's kind, if orders of it have no fields of their own; whether the account's
        /// sequence guards them.
        uint256 plainKind;
        bool sequenced;
        /// The running group's account, its word, where its ring lies, and the least nonce that its
        /// next order may have; the word of the ring that was read last, and where it lies.
        address account;
        uint256 word;
        uint256 ring;
        uint256 least;
        uint256 place;
        uint256 marks;
        /// The running sweep: the taking order's second word; all ones for a seller; his limit, so
        /// turned; what his market takes.
        uint256 taker;
        uint256 turn;
        uint256 limit;
        uint256 tickValue;
        uint256 makerBps;
        uint256 takerBps;
        /// The least expiry that is not past its grace.
        uint256 oldest;
        /// The group's last bulk root: further orders of its tree need no signature of their own.
        bytes32 bulkRoot;
        address bulkSigner;
    }

    function _readMarkets(Batch memory w) internal view {
        unchecked {
            uint256 at = w.at;
            uint256 count = data(at) >> 248;
            uint256 p = tail();
            w.markets = p;
            w.marketCount = count;
            at += 1;
            for (uint256 i = 0; i < count; i++) {
                uint256 word = data(at);
                uint256 base = word >> 248;
                uint256 quote = word >> 240 & 0xff;
                if (base == quote || base >= tokenCount || quote >= tokenCount) {
                    revert UnknownMarket(i);
                }
                put(p + 32, uint160(address(this)));
                put(p + 64, base);
                put(p + 96, quote);
                put(p + 128, word >> 184 & M56);
                put(p + 160, word >> 128 & M56);
                put(p + 192, word >> 112 & M16);
                put(p + 224, word >> 96 & M16);
                put(p + 256, word >> 40 & M56);
                put(p, uint256(hash(p + 32, 256)));
                put(p + 32, 1 << base | 1 << quote);
                put(p + 64, w.deltas + base * 32);
                put(p + 96, w.deltas + quote * 32);
                p += MARKET_SIZE;
                at += 27;
            }
            setTail(p);
            w.at = at;
        }
    }
}
