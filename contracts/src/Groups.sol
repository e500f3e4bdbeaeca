// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {data, get, put, hash, tail, setTail} from "./Raw.sol";
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
    uint256 private constant TIME_IN_FORCE = 3 << 1;
    uint256 private constant SLIDE = 2 << 3;
    uint256 private constant TRIGGER = 3 << 9;
    uint256 private constant BULK = 1 << 11;
    uint256 private constant SHARED = 1 << 12;
    /// The lower bits of fields of two bits that know three values.
    uint256 private constant TERNARY = 1 << 1 | 1 << 3 | 1 << 9;

    function _readGroups(Batch memory w) internal {
        unchecked {
            uint256 count = data(w.at) >> 240;
            w.groups = tail();
            w.groupCount = count;
            w.orders = w.groups + count * GROUP_SIZE;
            setTail(w.orders);
            w.at += 2;
            address previous = address(0);
            for (uint256 i = 0; i < count; i++) {
                uint256 word = data(w.at);
                address account = address(uint160(word >> 96));
                if (account <= previous) revert AccountsNotAscending(account);
                previous = account;
                w.at += 21;
                uint256 kind = word >> 88 & 0xff;
                if (kind == 0) {
                    _readOrders(w, i, account);
                } else if (kind == 1) {
                    put(w.groups + i * GROUP_SIZE, 0);
                    _settleCosigned(w, account);
                } else {
                    revert Malformed();
                }
            }
        }
    }

    /// @dev An account that signed its own net result: one signature, one write.
    function _settleCosigned(Batch memory w, address account) private {
        unchecked {
            uint256 at = w.at;
            uint256 head = data(at);
            if (head >> 248 > tokenCount) revert Malformed();
            // The signed struct, then the two arrays that it hashes, a word for each element.
            uint256 p = tail();
            uint256 marks = p + 256 + (head >> 248) * 32;
            uint256 end = marks + (head >> 232 & M16) * 32;
            bool disordered;
            bytes32 deltaType = NET_DELTA_TYPE;
            assembly ("memory-safe") {
                at := add(at, 13)
                for { let q := add(p, 256) } lt(q, marks) { q := add(q, 32) } {
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
                mstore(p, deltaType)
                mstore(add(p, 32), mload(add(w, 32))) // index
                mstore(add(p, 64), mload(add(w, 64))) // parent
                mstore(add(p, 96), account)
                mstore(add(p, 128), keccak256(add(p, 256), sub(marks, add(p, 256))))
                mstore(add(p, 160), and(shr(192, head), 0xffffffffff)) // sequence
                mstore(add(p, 192), and(shr(152, head), 0xffffffffff)) // floor
                mstore(add(p, 224), keccak256(marks, sub(end, marks)))
            }
            if (disordered) revert Malformed();
            bytes32 structHash = hash(p, 256);
            setTail(end);
            address signer = _signer(w.domain, structHash, at);
            setTail(p);
            if (signer != account) _mayCosign(account, signer);
            w.at = at + 64;
            uint256 word = accounts[account];
            word = _raisedSequence(word, head >> 192 & M40);
            word = _raisedFloor(word, head >> 152 & M40);
            word = _applyDeltas(w, account, word, p + 256, marks);
            for (; marks != end; marks += 32) {
                uint256 mark = get(marks);
                if (mark >> 70 == 0) word = _raisedMark(word, mark);
                else _raiseRing(_ringOf(account), mark >> 70, mark & MARK_MASK);
            }
            accounts[account] = word;
        }
    }

    /// @dev Adds the deltas (words from `p` to `end`) to the account, takes them from what is left.
    /// @return The account's word.
    function _applyDeltas(Batch memory w, address account, uint256 word, uint256 p, uint256 end)
        private
        returns (uint256)
    {
        unchecked {
            uint256 net = w.net;
            for (uint256 token = 0; p != end; token++) {
                int256 delta = int256(get(p));
                if (delta != 0) {
                    if (token < 2) word = _shifted(word, account, token, delta);
                    else _changeFurther(account, token, delta);
                    put(net, uint256(int256(get(net)) - delta));
                }
                net += 32;
                p += 32;
            }
            return word;
        }
    }

    function _readOrders(Batch memory w, uint256 index, address account) private view {
        unchecked {
            uint256 at = w.at;
            uint256 count = data(at) >> 240;
            if (count == 0) revert Malformed();
            uint256 group = w.groups + index * GROUP_SIZE;
            put(group, uint160(account));
            put(group + 32, accounts[account]);
            put(group + 64, tail());
            put(group + 96, count);
            put(group + 128, _ringOf(account));
            put(w.form + 64, uint160(account));
            w.orderCount += count;
            w.bulkRoot = 0;
            at += 2;
            uint256 previous = 0;
            for (; count != 0; count--) {
                uint256 raw = data(at) >> 16;
                at = _readOrder(w, group, index, raw, previous, at + 30);
                previous = raw >> 16 & M40;
            }
            w.at = at;
        }
    }

    /// @return at Behind the order.
    function _readOrder(
        Batch memory w,
        uint256 group,
        uint256 index,
        uint256 raw,
        uint256 previous,
        uint256 at
    ) private view returns (uint256) {
        unchecked {
            if (raw >> 216 != w.formKind) _formKind(w, raw);
            uint256 resting = raw >> 184 & M32;
            uint256 flags = raw >> 224;
            if (flags & (TRIGGER | SLIDE) != 0) (resting, at) = _readPrices(w, raw, resting, at);
            bytes32 structHash = _hashOrder(w.form, raw);
            address signer;
            if (flags & BULK == 0) {
                signer = _signer(w.domain, structHash, at);
                at += 64;
            } else {
                (signer, at) = _bulkSigner(w, structHash, flags & SHARED != 0, at);
            }
            address account = address(uint160(get(group)));
            if (signer != account) _mayTrade(account, signer, bytes32(get(w.formMarket)));
            uint256 remaining = _remaining(group, raw, previous);
            uint256 p = tail();
            put(p, raw);
            put(p + 32, w.formMarket << 80 | index << 64 | resting << 32 | remaining);
            put(p + 64, 0);
            setTail(p + ORDER_SIZE);
            return at;
        }
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
            uint256 p = w.form;
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
            w.formMarket = market;
        }
    }

    /// @dev The rest of the form, which differs from order to order, and its hash.
    function _hashOrder(uint256 form, uint256 raw) private pure returns (bytes32 structHash) {
        assembly ("memory-safe") {
            mstore(add(form, 128), and(shr(184, raw), 0xffffffff)) // price
            mstore(add(form, 160), and(shr(152, raw), 0xffffffff)) // quantity
            mstore(add(form, 416), and(shr(112, raw), 0xffffffffff)) // expiry
            mstore(add(form, 448), and(shr(56, raw), 0xffffffffffffff)) // feeMax
            mstore(add(form, 480), and(shr(16, raw), 0xffffffffff)) // nonce
            mstore(add(form, 512), and(raw, 0xffff)) // slot
            structHash := keccak256(form, 544)
        }
    }

    /// @dev The price that triggers the order, into the form, and the price to which it slid.
    function _readPrices(Batch memory w, uint256 raw, uint256 price, uint256 at)
        private
        pure
        returns (uint256, uint256)
    {
        unchecked {
            uint256 flags = raw >> 224;
            if (flags & TRIGGER != 0) {
                put(w.form + 384, data(at) >> 224);
                at += 4;
            }
            if (flags & SLIDE == 0) return (price, at);
            uint256 resting = data(at) >> 224;
            if (resting == 0 || (flags & SELL == 0 ? resting > price : resting < price)) {
                revert BeyondLimit(address(uint160(get(w.form + 64))), raw >> 16 & M40);
            }
            return (resting, at + 4);
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
            w.bulkSigner = _signer(w.domain, root, at);
            w.bulkRoot = root;
            return (w.bulkSigner, at + 64);
        }
    }

    /// @dev Checks an order's numbers, floor, expiry and replay guard.
    /// @return Lots that the order has left before this batch.
    function _remaining(uint256 group, uint256 raw, uint256 previous)
        private
        view
        returns (uint256)
    {
        unchecked {
            uint256 word = get(group + 32);
            uint256 nonce = raw >> 16 & M40;
            uint256 quantity = raw >> 152 & M32;
            uint256 allowance = grace;
            bool refused;
            assembly ("memory-safe") {
                refused := or(iszero(gt(nonce, previous)), lt(nonce, and(shr(176, word), 0xffffffffff)))
                refused := or(refused, gt(sub(quantity, 1), 0x3ffffffe))
                refused := or(refused, iszero(and(shr(184, raw), 0xffffffff)))
                refused := or(refused, gt(timestamp(), add(and(shr(112, raw), 0xffffffffff), allowance)))
            }
            if (refused) _refuse(group, raw, previous);
            uint256 slot = raw & M16;
            if (_isSequenced(raw)) {
                address account = address(uint160(get(group)));
                if (slot != 0) revert InvalidOrder(account, nonce);
                if (nonce <= word >> SEQUENCE_AT) revert SequenceUsed(account, nonce);
                return quantity;
            }
            uint256 mark = slot == 0 ? word & MARK_MASK : _ringMark(get(group + 128), slot);
            if (mark >> 30 < nonce) return quantity;
            if (mark >> 30 > nonce) revert SlotTaken(address(uint160(get(group))), nonce);
            mark &= QUANTITY_MAX;
            return mark < quantity ? quantity - mark : 0;
        }
    }

    function _refuse(uint256 group, uint256 raw, uint256 previous) private view {
        address account = address(uint160(get(group)));
        uint256 nonce = raw >> 16 & M40;
        if (nonce <= previous) revert OrdersNotAscending(account, nonce);
        if (nonce < get(group + 32) >> FLOOR_AT & NONCE_MAX) revert BelowFloor(account, nonce);
        if (block.timestamp > (raw >> 112 & M40) + grace) revert Expired(account, nonce);
        revert InvalidOrder(account, nonce);
    }

    /// @dev An ioc or fok without a trigger never rests: the account's sequence is its guard.
    function _isSequenced(uint256 raw) internal pure returns (bool) {
        // Among these bits only those of the time in force, so neither zero nor as great as a bit
        // of the trigger.
        unchecked {
            return (raw >> 224 & (TIME_IN_FORCE | TRIGGER)) - 1 < TIME_IN_FORCE;
        }
    }

    function _pair(bytes32 left, bytes32 right) private pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            mstore(0, left)
            mstore(32, right)
            digest := keccak256(0, 64)
        }
    }

    /// @dev keccak256("BulkOrder(Order" + "[2]" * height + " tree)" + the type of Order).
    function _bulkType(uint256 height) private pure returns (bytes32) {
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
}
