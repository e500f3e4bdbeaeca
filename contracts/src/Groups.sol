// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {data, get, put, load, tail, setTail} from "./Raw.sol";
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
            uint256 form = w.deltaForm;
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
                mstore(add(form, 96), account)
                mstore(add(form, 128), keccak256(p, sub(marks, p)))
                mstore(add(form, 160), and(shr(192, head), 0xffffffffff)) // sequence
                mstore(add(form, 192), and(shr(152, head), 0xffffffffff)) // floor
                mstore(add(form, 224), keccak256(marks, sub(end, marks)))
                structHash := keccak256(form, 256)
            }
            if (disordered) revert Malformed();
            address signer = _recover(w.signing, structHash, at);
            if (signer != account) _mayCosign(account, signer);
            uint256 word = accounts[account];
            word = _raisedSequence(word, head >> 192 & M40);
            word = _raisedFloor(word, head >> 152 & M40);
            word = _applyDeltas(w.net, account, word, p, marks);
            for (; marks != end; marks += 32) {
                uint256 mark = get(marks);
                if (mark >> 70 == 0) word = _raisedMark(word, mark);
                else _raiseRing(_ringOf(account), mark >> 70, mark & MARK_MASK);
            }
            accounts[account] = word;
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
            // Where the first two tokens' balances are below zero or above their cap.
            uint256 beyond;
            uint256 mains = end - p > 64 ? p + 64 : end;
            assembly ("memory-safe") {
                let shift := 123
                for {} lt(p, mains) { p := add(p, 32) } {
                    let delta := mload(p)
                    let before := and(shr(shift, word), 0x1fffffffffffff)
                    let changed := add(before, delta)
                    beyond := or(beyond, shl(shift, gt(changed, 0x1fffffffffffff)))
                    word := xor(word, shl(shift, xor(before, changed)))
                    mstore(net, sub(mload(net), delta))
                    net := add(net, 32)
                    shift := 70
                }
            }
            if (beyond != 0) revert InsufficientBalance(account, beyond >> BALANCE0_AT == 0 ? 1 : 0);
            for (uint256 token = 2; p != end; token++) {
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
            uint256 count = data(at) >> 240;
            if (count == 0) revert Malformed();
            uint256 p = tail();
            uint256 word = accounts[account];
            put(group, uint160(account));
            put(group + 32, word);
            put(group + 64, p);
            put(group + 96, count);
            put(group + 128, _ringOf(account));
            put(w.form + 64, uint160(account));
            w.orderCount += count;
            w.bulkRoot = 0;
            w.group = group;
            w.formPlace = w.formPlace >> 80 << 80 | (group - w.groups) / GROUP_SIZE << 64;
            word = word >> FLOOR_AT & NONCE_MAX;
            // Zero is no nonce.
            w.least = word == 0 ? 1 : word;
            w.place = 0;
            at += 2;
            count = p + count * ORDER_SIZE;
            setTail(count);
            for (; p != count; p += ORDER_SIZE) {
                at = _readOrder(w, p, at);
            }
            return at;
        }
    }

    /// @return Behind the order.
    function _readOrder(Batch memory w, uint256 p, uint256 at) private view returns (uint256) {
        unchecked {
            uint256 raw = data(at) >> 16;
            at += 30;
            if (raw >> 216 != w.formKind) _formKind(w, raw);
            uint256 place = w.formPlace | raw >> 152 & M32 << 32;
            if (raw & (TRIGGER | SLIDE) << 224 != 0) (place, at) = _readPrices(w, raw, place, at);
            bytes32 structHash = _hashOrder(w.form, raw);
            address signer;
            if (raw & BULK << 224 == 0) {
                signer = _recover(w.signing, structHash, at);
                at += 64;
            } else {
                (signer, at) = _bulkSigner(w, structHash, raw & SHARED << 224 != 0, at);
            }
            uint256 group = w.group;
            if (uint160(signer) != get(group)) {
                _mayTrade(address(uint160(get(group))), signer, bytes32(get(place >> 80)));
            }
            place |= _remaining(w, group, raw);
            assembly ("memory-safe") {
                mstore(p, raw)
                mstore(add(p, 32), place)
                mstore(add(p, 64), 0)
            }
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
            w.formPlace = market << 80 | w.formPlace & M16 << 64;
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

    /// @dev The price that triggers the order, into the form, and the price to which it slid,
    /// into its place.
    function _readPrices(Batch memory w, uint256 raw, uint256 place, uint256 at)
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
            if (flags & SLIDE == 0) return (place, at);
            uint256 price = raw >> 184 & M32;
            uint256 resting = data(at) >> 224;
            if (resting == 0 || (flags & SELL == 0 ? resting > price : resting < price)) {
                revert BeyondLimit(address(uint160(get(w.form + 64))), raw >> 16 & M40);
            }
            return (place ^ (price ^ resting) << 32, at + 4);
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
            w.bulkSigner = _signer(w.signing, root, at);
            w.bulkRoot = root;
            return (w.bulkSigner, at + 64);
        }
    }

    /// @dev Checks an order's numbers, floor, expiry and replay guard.
    /// @return Lots that the order has left before this batch.
    function _remaining(Batch memory w, uint256 group, uint256 raw) private view returns (uint256) {
        unchecked {
            uint256 nonce = raw >> 16 & M40;
            uint256 quantity = raw >> 152 & M32;
            uint256 allowance = grace;
            uint256 least = w.least;
            bool refused;
            assembly ("memory-safe") {
                refused := or(lt(nonce, least), gt(sub(quantity, 1), 0x3ffffffe))
                refused := or(refused, iszero(and(shr(184, raw), 0xffffffff)))
                refused := or(refused, gt(timestamp(), add(and(shr(112, raw), 0xffffffffff), allowance)))
            }
            if (refused) _refuse(group, raw, least);
            w.least = nonce + 1;
            uint256 mark = raw & M16;
            // An ioc or fok without a trigger never rests: the account's sequence is its guard.
            // (Among these bits only those of the time in force, so neither zero nor as great as a
            // bit of the trigger.)
            if ((raw >> 224 & (TIME_IN_FORCE | TRIGGER)) - 1 < TIME_IN_FORCE) {
                if (mark != 0 || nonce <= get(group + 32) >> SEQUENCE_AT) {
                    _refuseSequenced(group, raw);
                }
                return quantity;
            }
            if (mark == 0) {
                mark = get(group + 32) & MARK_MASK;
            } else {
                // Marks that lie in one word of the ring are read once.
                (uint256 place, uint256 shift) = _ringPlace(get(group + 128), mark);
                if (place != w.place) {
                    w.place = place;
                    w.marks = load(place);
                }
                mark = w.marks >> shift & MARK_MASK;
            }
            if (mark >> 30 < nonce) return quantity;
            if (mark >> 30 > nonce) revert SlotTaken(address(uint160(get(group))), nonce);
            mark &= QUANTITY_MAX;
            return mark < quantity ? quantity - mark : 0;
        }
    }

    function _refuse(uint256 group, uint256 raw, uint256 least) private view {
        address account = address(uint160(get(group)));
        uint256 nonce = raw >> 16 & M40;
        if (nonce < get(group + 32) >> FLOOR_AT & NONCE_MAX) revert BelowFloor(account, nonce);
        if (nonce < least) revert OrdersNotAscending(account, nonce);
        if (block.timestamp > (raw >> 112 & M40) + grace) revert Expired(account, nonce);
        revert InvalidOrder(account, nonce);
    }

    function _refuseSequenced(uint256 group, uint256 raw) private pure {
        address account = address(uint160(get(group)));
        if (raw & M16 != 0) revert InvalidOrder(account, raw >> 16 & M40);
        revert SequenceUsed(account, raw >> 16 & M40);
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
