// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {data, get, put, load, store, tail, setTail} from "./Raw.sol";
import {Work} from "./Work.sol";

/// @dev The first half of a batch's sealed bytes: accounts, ascending, each either co-signed
/// (settled at once) or with its signed orders (checked, then kept for the trades).
///
/// What all orders pass through is in assembly, its checks joined in one branch: when one fails,
/// a function beside it finds out which, for the error's name.
abstract contract Groups is Work {
    // Bits of an order's flags (u16), lowest first: sell 1, timeInForce 2, postOnly 2, quote 1,
    // leased 1, selfTradePrevention 2, trigger 2, bulk 1, shared 1; the other three are zero.
    uint256 internal constant SELL = 1;
    uint256 internal constant TIME_IN_FORCE = 3 << 1;
    uint256 private constant SLIDE = 2 << 3;
    uint256 internal constant TRIGGER = 3 << 9;
    uint256 private constant BULK = 1 << 11;
    uint256 private constant SHARED = 1 << 12;
    /// The lower bits of fields of two bits that know three values.
    uint256 private constant TERNARY = 1 << 1 | 1 << 3 | 1 << 9;

    function _readGroups(Batch memory w) internal {
        unchecked {
            uint256 at = w.at;
            uint256 left = data(at) >> 240;
            uint256 group = tail();
            w.groups = group;
            w.orders = group + left * GROUP_SIZE;
            setTail(w.orders);
            at += 2;
            uint256 previous = 0;
            for (; left != 0; left--) {
                uint256 word = data(at);
                if (word >> 96 <= previous) revert AccountsNotAscending(address(uint160(word >> 96)));
                previous = word >> 96;
                at += 21;
                uint256 kind = word >> 88 & 0xff;
                if (kind == 1) {
                    at = _settleCosigned(w, address(uint160(previous)), at);
                } else if (kind == 0) {
                    at = _readOrders(w, group, address(uint160(previous)), at);
                    group += GROUP_SIZE;
                } else {
                    revert Malformed();
                }
            }
            w.groupsEnd = group;
            w.at = at;
        }
    }

    /// @dev An account that signed its own net result: one signature, one write.
    /// @return Behind it.
    function _settleCosigned(Batch memory w, address account, uint256 at)
        private
        returns (uint256)
    {
        unchecked {
            uint256 head = data(at);
            if (head >> 248 > tokenCount) revert Malformed();
            // The two arrays that the signed struct hashes, a word for each element.
            uint256 p = tail();
            uint256 marks = p + (head >> 248) * 32;
            uint256 end = marks + (head >> 232 & M16) * 32;
            bool disordered;
            bytes32 structHash;
            assembly ("memory-safe") {
                at := add(at, 13)
                for { let q := p } lt(q, marks) { q := add(q, 32) } {
                    mstore(q, sar(192, calldataload(at)))
                    at := add(at, 8)
                }
                let least := 0
                for { let q := marks } lt(q, end) { q := add(q, 32) } {
                    let mark := shr(168, calldataload(at))
                    disordered := or(disordered, lt(shr(70, mark), least))
                    least := add(shr(70, mark), 1)
                    mstore(q, mark)
                    at := add(at, 11)
                }
                mstore(add(DELTA_FORM, 96), account)
                mstore(add(DELTA_FORM, 128), keccak256(p, sub(marks, p)))
                mstore(add(DELTA_FORM, 160), and(shr(192, head), 0xffffffffff)) // sequence
                mstore(add(DELTA_FORM, 192), and(shr(152, head), 0xffffffffff)) // floor
                mstore(add(DELTA_FORM, 224), keccak256(marks, sub(end, marks)))
                structHash := keccak256(DELTA_FORM, 256)
            }
            if (disordered) revert Malformed();
            address signer = _recover(structHash, at);
            if (signer != account) _mayCosign(account, signer);
            uint256 place = _placeOf(account);
            uint256 word = _raisedSequence(load(place), head >> 192 & M40);
            word = _raisedFloor(word, head >> 152 & M40);
            word = _applyDeltas(w.net, account, word, p, marks);
            for (; marks != end; marks += 32) {
                uint256 mark = get(marks);
                if (mark >> 70 == 0) word = _raisedMark(word, mark);
                else _raiseRing(_ringOf(account), mark >> 70, mark & MARK_MASK);
            }
            store(place, word);
            return at + 64;
        }
    }

    /// @dev Adds the deltas (words from `p` to `end`) to the account, takes them from what is left
    /// (words from `net`).
    /// @return The account's word.
    function _applyDeltas(uint256 net, address account, uint256 word, uint256 p, uint256 end)
        private
        returns (uint256)
    {
        unchecked {
            bool beyond0;
            bool beyond1;
            assembly ("memory-safe") {
                let delta0 := mul(mload(p), gt(end, p))
                let delta1 := mul(mload(add(p, 32)), gt(end, add(p, 32)))
                beyond0 := gt(add(and(shr(123, word), 0x1fffffffffffff), delta0), 0x1fffffffffffff)
                beyond1 := gt(add(and(shr(70, word), 0x1fffffffffffff), delta1), 0x1fffffffffffff)
                // Neither balance leaves its field, so nothing carries into another one.
                word := add(word, add(shl(123, delta0), shl(70, delta1)))
                mstore(net, sub(mload(net), delta0))
                mstore(add(net, 32), sub(mload(add(net, 32)), delta1))
            }
            if (beyond0 || beyond1) revert InsufficientBalance(account, beyond0 ? 0 : 1);
            p += 64;
            net += 64;
            for (uint256 token = 2; p < end; token++) {
                int256 delta = int256(get(p));
                if (delta != 0) {
                    _changeFurther(account, token, delta);
                    put(net, uint256(int256(get(net)) - delta));
                }
                net += 32;
                p += 32;
            }
            return word;
        }
    }

    /// @return Behind them.
    function _readOrders(Batch memory w, uint256 group, address account, uint256 at)
        private
        view
        returns (uint256)
    {
        unchecked {
            uint256 p = tail();
            uint256 place = _placeOf(account);
            uint256 word = load(place);
            uint256 end = data(at) >> 240;
            if (end == 0) revert Malformed();
            put(group, uint160(account));
            put(group + 32, word);
            put(group + 64, p);
            put(group + 96, end);
            put(group + 128, _ringOf(account));
            put(group + 160, place);
            put(FORM + 64, uint160(account));
            w.account = account;
            w.word = word;
            w.ring = get(group + 128);
            w.place = 0;
            // Zero is no nonce.
            w.least = word >> FLOOR_AT & NONCE_MAX;
            if (w.least == 0) w.least = 1;
            w.bulkRoot = 0;
            w.orderCount += end;
            w.formPlace = w.formPlace >> 80 << 80 | (group - w.groups) / GROUP_SIZE << 64;
            end = p + end * ORDER_SIZE;
            setTail(end);
            at += 2;
            for (; p != end; p += ORDER_SIZE) {
                at = _readOrder(w, p, at);
            }
            return at;
        }
    }

    /// @dev Checks an order's signer, numbers, floor, expiry and replay guard, and keeps it for the
    /// trades, with the lots that it has left before this batch.
    /// @return Behind the order.
    function _readOrder(Batch memory w, uint256 p, uint256 at) private view returns (uint256) {
        unchecked {
            put(p, data(at) >> 16);
            at += 30;
            uint256 raw = get(p);
            address signer;
            uint256 slid = 0;
            if (raw >> 216 == w.plainKind) {
                signer = _orderSigner(raw, at);
                at += 64;
            } else {
                (signer, slid, at) = _readSpecial(w, raw, at);
            }
            uint256 place = w.formPlace;
            uint256 least = w.least;
            uint256 oldest = w.oldest;
            address account = w.account;
            uint256 nonce;
            uint256 left;
            bool refused;
            assembly ("memory-safe") {
                nonce := and(shr(16, raw), 0xffffffffff)
                left := and(shr(152, raw), 0xffffffff)
                let price := and(shr(184, raw), 0xffffffff)
                refused := or(lt(nonce, least), gt(sub(left, 1), 0x3ffffffe))
                refused := or(refused, iszero(price))
                refused := or(refused, lt(and(shr(112, raw), 0xffffffffff), oldest))
                refused := or(refused, iszero(eq(signer, account)))
                place := or(place, shl(32, xor(price, slid)))
            }
            if (refused) _examine(w, raw, signer);
            w.least = nonce + 1;
            uint256 mark = raw & M16;
            if (w.sequenced) {
                if (mark != 0 || nonce <= w.word >> SEQUENCE_AT) _refuseSequenced(w, raw);
            } else {
                if (mark == 0) {
                    mark = w.word;
                } else {
                    // Marks that lie in one word of the ring are read once.
                    (uint256 where, uint256 shift) = _ringPlace(w.ring, mark - 1);
                    if (where != w.place) {
                        w.place = where;
                        w.marks = load(where);
                    }
                    mark = w.marks >> shift;
                }
                bool taken;
                assembly ("memory-safe") {
                    let seen := and(shr(30, mark), 0xffffffffff)
                    taken := gt(seen, nonce)
                    // What is filled of this order, if it is the one that the slot remembers.
                    let filled := mul(eq(seen, nonce), and(mark, 0x3fffffff))
                    left := mul(gt(left, filled), sub(left, filled))
                }
                if (taken) revert SlotTaken(w.account, nonce);
            }
            put(p + 32, place | left);
            put(p + 64, 0);
            return at;
        }
    }

    /// @dev An order of another kind than the one before, or one with fields of its own.
    /// @param at Behind its 30 bytes.
    /// @return Its signer, the difference (by xor) between its price and the one to which it slid, and
    /// where it ends.
    function _readSpecial(Batch memory w, uint256 raw, uint256 at)
        private
        view
        returns (address, uint256, uint256)
    {
        unchecked {
            if (raw >> 216 != w.formKind) _formKind(w, raw);
            uint256 slid = 0;
            if (raw & (TRIGGER | SLIDE) << 224 != 0) (slid, at) = _readPrices(raw, at);
            if (raw & BULK << 224 == 0) return (_orderSigner(raw, at), slid, at + 64);
            bytes32 structHash = _hashOrder(raw);
            address signer;
            (signer, at) = _bulkSigner(w, structHash, raw & SHARED << 224 != 0, at);
            return (signer, slid, at);
        }
    }

    /// @dev Who signed the order alone.
    function _orderSigner(uint256 raw, uint256 at) private view returns (address) {
        return _recover(_hashOrder(raw), at);
    }

    /// @dev Puts flags and market of an order into the form.
    function _formKind(Batch memory w, uint256 raw) private pure {
        unchecked {
            uint256 flags = raw >> 224;
            uint256 market = raw >> 216 & 0xff;
            if (market >= w.marketCount) revert UnknownMarket(market);
            if (
                flags >> 13 | (flags & flags >> 1 & TERNARY) | (flags >> 1 & ~flags & BULK) != 0
            ) revert Malformed();
            uint256 p = FORM;
            market = w.markets + market * MARKET_SIZE;
            put(p + 32, get(market));
            put(p + 96, flags & SELL);
            put(p + 192, flags >> 1 & 3);
            put(p + 224, flags >> 3 & 3);
            put(p + 256, flags >> 5 & 1);
            put(p + 288, flags >> 6 & 1);
            put(p + 320, flags >> 7 & 3);
            put(p + 352, flags >> 9 & 3);
            put(p + 384, 0);
            w.formKind = raw >> 216;
            w.sequenced = _sequenced(raw);
            // No order has the greatest of kinds.
            w.plainKind =
                flags & (TRIGGER | SLIDE | BULK) == 0 ? raw >> 216 : type(uint256).max;
            w.formPlace = market << 80 | w.formPlace & M16 << 64;
        }
    }

    /// @dev The rest of the form, which differs from order to order, and its hash.
    function _hashOrder(uint256 raw) private pure returns (bytes32 structHash) {
        assembly ("memory-safe") {
            mstore(add(FORM, 128), and(shr(184, raw), 0xffffffff)) // price
            mstore(add(FORM, 160), and(shr(152, raw), 0xffffffff)) // quantity
            mstore(add(FORM, 416), and(shr(112, raw), 0xffffffffff)) // expiry
            mstore(add(FORM, 448), and(shr(56, raw), 0xffffffffffffff)) // feeMax
            mstore(add(FORM, 480), and(shr(16, raw), 0xffffffffff)) // nonce
            mstore(add(FORM, 512), and(raw, 0xffff)) // slot
            structHash := keccak256(FORM, 544)
        }
    }

    /// @dev The price that triggers the order, into the form.
    /// @return The difference (by xor) between its price and the one to which it slid, and behind.
    function _readPrices(uint256 raw, uint256 at) private pure returns (uint256, uint256) {
        unchecked {
            uint256 flags = raw >> 224;
            if (flags & TRIGGER != 0) {
                put(FORM + 384, data(at) >> 224);
                at += 4;
            }
            if (flags & SLIDE == 0) return (0, at);
            uint256 price = raw >> 184 & M32;
            uint256 resting = data(at) >> 224;
            if (resting == 0 || (flags & SELL == 0 ? resting > price : resting < price)) {
                revert BeyondLimit(address(uint160(get(FORM + 64))), raw >> 16 & M40);
            }
            return (price ^ resting, at + 4);
        }
    }

    /// @dev Who signed the tree in which the order is a leaf: height (u8), index (u8), siblings
    /// from the leaf upwards, then a signature, unless the group's last bulk order shared the root.
    function _bulkSigner(Batch memory w, bytes32 node, bool shared, uint256 at)
        private
        view
        returns (address, uint256)
    {
        unchecked {
            uint256 height = data(at) >> 248;
            uint256 index = data(at) >> 240 & 0xff;
            if (height == 0 || height > 8 || index >> height != 0) revert Malformed();
            at += 2;
            for (uint256 i = 0; i < height; i++) {
                bytes32 sibling = bytes32(data(at));
                node = index >> i & 1 == 0 ? _pair(node, sibling) : _pair(sibling, node);
                at += 32;
            }
            bytes32 root = _pair(_bulkType(height), node);
            if (shared) {
                if (root != w.bulkRoot) revert BadSignature();
                return (w.bulkSigner, at);
            }
            w.bulkSigner = _signer(root, at);
            w.bulkRoot = root;
            return (w.bulkSigner, at + 64);
        }
    }

    /// @dev Whether the account's sequence is the order's guard: an ioc or fok without a trigger, which
    /// never rests. (Among these bits only those of the time in force, so neither zero nor as great
    /// as a bit of the trigger.)
    function _sequenced(uint256 raw) internal pure returns (bool) {
        unchecked {
            return (raw >> 224 & (TIME_IN_FORCE | TRIGGER)) - 1 < TIME_IN_FORCE;
        }
    }

    /// @dev An order that a delegate signed, or that is refused.
    function _examine(Batch memory w, uint256 raw, address signer) private view {
        address account = w.account;
        if (signer != account) _mayTrade(account, signer, bytes32(get(w.formPlace >> 80)));
        uint256 nonce = raw >> 16 & M40;
        if (nonce < w.word >> FLOOR_AT & NONCE_MAX) revert BelowFloor(account, nonce);
        if (nonce < w.least) revert OrdersNotAscending(account, nonce);
        if (raw >> 112 & M40 < w.oldest) revert Expired(account, nonce);
        uint256 quantity = raw >> 152 & M32;
        if (raw >> 184 & M32 == 0 || quantity == 0 || quantity > QUANTITY_MAX) {
            revert InvalidOrder(account, nonce);
        }
    }

    function _refuseSequenced(Batch memory w, uint256 raw) private pure {
        if (raw & M16 != 0) revert InvalidOrder(w.account, raw >> 16 & M40);
        revert SequenceUsed(w.account, raw >> 16 & M40);
    }
}
