// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Groups} from "./Groups.sol";
import {data, get, put, elements, load, store, tail, setTail} from "./Raw.sol";

/// @dev The second half of a batch: the trades in which an order side takes part, by taker
/// ("sweeps"), their results written account by account, and the withdrawals. A trade between two
/// co-signed accounts needs no bytes: both have signed its result.
///
/// Sums cannot overflow: a fill is below 2^30 lots * 2^32 ticks * 2^56 quanta, and a batch has
/// fewer than 2^16 fills an order.
abstract contract Trades is Groups {
    /// In place of an order: that side is co-signed.
    uint256 private constant COSIGNED = 0xffff;
    // The fields of an order's third word. What an order fills is below 2^30 lots and 2^118 quanta,
    // what it pays below 2^56, and a batch fills fewer than 2^16 orders: so the words of an
    // account's orders can be added, and each field still holds its sum.
    uint256 private constant TOOK = 1 << 255;
    uint256 private constant FEE_AT = 182;
    uint256 private constant QUOTE_AT = 46;
    uint256 private constant FILLED = 2 ** 46 - 1;

    // From bit 0: quanta 64 | last withdrawal's nonce 40.
    mapping(address account => mapping(uint256 token => uint256 word)) internal claimables;

    function _settleContent(uint256 index, bytes32 parent, bytes calldata content)
        internal
        returns (uint256[] memory left)
    {
        unchecked {
            left = new uint256[](tokenCount);
            Batch memory w;
            assembly ("memory-safe") {
                w := FRAME
            }
            w.net = elements(left);
            w.deltas = elements(new uint256[](tokenCount));
            put(FORM, uint256(ORDER_TYPE));
            put(DELTA_FORM, uint256(NET_DELTA_TYPE));
            put(DELTA_FORM + 32, index);
            put(DELTA_FORM + 64, uint256(parent));
            // No order has this kind, so the first one fills the form.
            w.formKind = type(uint256).max;
            w.plainKind = type(uint256).max;
            w.oldest = block.timestamp > grace ? block.timestamp - grace : 0;
            uint256 end;
            assembly ("memory-safe") {
                end := content.offset
            }
            w.at = end;
            end += content.length;
            _readMarkets(w);
            _readGroups(w);
            _readSweeps(w);
            _applyGroups(w);
            _readWithdrawals(w);
            // Bytes behind the content read as something, but never as exactly its end.
            if (w.at != end) revert Malformed();
        }
    }

    function _readSweeps(Batch memory w) private pure {
        unchecked {
            uint256 sweeps = data(w.at) >> 240;
            w.at += 2;
            for (uint256 i = 0; i < sweeps; i++) {
                uint256 head = data(w.at);
                uint256 taker = head >> 240;
                uint256 fills = head >> 224 & M16;
                if (fills == 0) revert Malformed();
                w.at += 4;
                if (taker == COSIGNED) _fillMakers(w, fills);
                else _sweep(w, taker, fills);
            }
        }
    }

    /// @dev Fills of resting orders whose takers are co-signed.
    function _fillMakers(Batch memory w, uint256 fills) private pure {
        unchecked {
            uint256 at = w.at;
            for (; fills != 0; fills--) {
                uint256 word = data(at);
                uint256 maker = word >> 240;
                if (maker >= w.orderCount) revert UnknownOrder(maker);
                maker = w.orders + maker * ORDER_SIZE;
                // Only a gtc order rests.
                if (get(maker) & TIME_IN_FORCE << 224 != 0) {
                    revert CannotTrade(word >> 240, COSIGNED);
                }
                uint256 market = get(maker + 32) >> 80;
                w.tickValue = get(market + 160);
                w.makerBps = get(market + 192);
                _fillMaker(w, maker, word >> 208 & M32);
                at += 6;
            }
            w.at = at;
        }
    }

    /// @dev Fills of one taking order, in the order of the tape.
    function _sweep(Batch memory w, uint256 takerIndex, uint256 fills) private pure {
        unchecked {
            if (takerIndex >= w.orderCount) revert UnknownOrder(takerIndex);
            uint256 taker = w.orders + takerIndex * ORDER_SIZE;
            uint256 raw = get(taker);
            // Post-only orders never take, and no order enters the book twice.
            if (raw >> 227 & 3 != 0 || get(taker + 64) >= TOOK) {
                revert CannotTrade(COSIGNED, takerIndex);
            }
            uint256 market = get(taker + 32) >> 80;
            w.taker = get(taker + 32);
            // Prices beyond the limit are above it, when a seller's are turned upside down.
            w.turn = 0 - (raw >> 224 & SELL);
            w.limit = (raw >> 184 & M32) ^ w.turn;
            w.tickValue = get(market + 160);
            w.makerBps = get(market + 192);
            w.takerBps = get(market + 224);
            put(taker + 64, get(taker + 64) | TOOK);
            uint256 filled = 0;
            uint256 quote = 0;
            uint256 fee = 0;
            uint256 at = w.at;
            for (; fills != 0; fills--) {
                uint256 word = data(at);
                uint256 maker = word >> 240;
                uint256 notional;
                at += 6;
                if (maker < w.orderCount) {
                    maker = w.orders + maker * ORDER_SIZE;
                    if (_mismatched(w, maker)) revert CannotTrade(word >> 240, takerIndex);
                    notional = _fillMaker(w, maker, word >> 208 & M32);
                } else {
                    notional = _fillCosigned(w, word, taker);
                    at += 4;
                }
                filled += word >> 208 & M32;
                quote += notional;
                fee += notional * w.takerBps / 10000;
            }
            w.at = at;
            market = get(taker + 32) >> 80;
            if (fee < get(market + 256)) fee = get(market + 256);
            uint256 kept = get(taker + 64);
            if ((kept & FILLED) + filled > get(taker + 32) & M32) _overfilled(w, taker);
            fee = _allowed(get(taker), kept, fee);
            put(taker + 64, kept + (fee << FEE_AT | quote << QUOTE_AT | filled));
        }
    }

    /// @dev A fill of which the maker is co-signed: at any price within the taker's limit.
    /// @return Quote quanta.
    function _fillCosigned(Batch memory w, uint256 word, uint256 taker)
        private
        pure
        returns (uint256)
    {
        unchecked {
            uint256 price = word >> 176 & M32;
            uint256 lots = word >> 208 & M32;
            if (word >> 240 != COSIGNED) revert UnknownOrder(word >> 240);
            if (price == 0 || price ^ w.turn > w.limit) _beyondLimit(w, taker);
            if (lots == 0) _overfilled(w, taker);
            return lots * price * w.tickValue;
        }
    }

    /// @dev Whether the running sweep's taker cannot trade with the maker: another market, the same
    /// account, the same side, an order that does not rest, or a price that does not cross.
    function _mismatched(Batch memory w, uint256 maker) private pure returns (bool no) {
        uint256 taker = w.taker;
        uint256 turn = w.turn;
        uint256 limit = w.limit;
        assembly ("memory-safe") {
            let place := mload(add(maker, 32))
            // Above the 16 bits of the group both say the same, in them something else.
            no := iszero(lt(sub(shr(64, xor(place, taker)), 1), 0xffff))
            // A gtc order of the other side: 1 against a buyer, 0 against a seller.
            no := or(no, xor(and(shr(224, mload(maker)), 7), add(turn, 1)))
            no := or(no, gt(xor(and(shr(32, place), 0xffffffff), turn), limit))
        }
    }

    /// @dev One fill of a resting order of the running sweep's market, at the price at which it rests.
    /// @return notional Quote quanta.
    function _fillMaker(Batch memory w, uint256 maker, uint256 lots)
        private
        pure
        returns (uint256 notional)
    {
        uint256 tickValue = w.tickValue;
        uint256 makerBps = w.makerBps;
        bool refused;
        assembly ("memory-safe") {
            let place := mload(add(maker, 32))
            let kept := mload(add(maker, 64))
            refused := gt(add(and(kept, 0x3fffffffffff), lots), and(place, 0xffffffff))
            refused := or(refused, iszero(lots))
            notional := mul(mul(lots, and(shr(32, place), 0xffffffff)), tickValue)
            let fee := div(mul(notional, makerBps), 10000)
            // As much of it as the order's owner still allows in this batch.
            let left := sub(and(shr(56, mload(maker)), 0xffffffffffffff), shr(183, shl(1, kept)))
            if gt(fee, left) { fee := left }
            mstore(add(maker, 64), add(kept, or(or(shl(182, fee), shl(46, notional)), lots)))
        }
        if (refused) _overfilled(w, maker);
    }

    /// @dev As much of the fee as the order's owner still allows in this batch.
    function _allowed(uint256 raw, uint256 kept, uint256 fee) private pure returns (uint256) {
        unchecked {
            uint256 left = (raw >> 56 & M56) - (kept << 1 >> FEE_AT + 1);
            return fee > left ? left : fee;
        }
    }

    /// @dev Writes what the trades did to the accounts of the order side, each once.
    function _applyGroups(Batch memory w) private {
        unchecked {
            uint256 group = w.groups;
            for (; group != w.groupsEnd; group += GROUP_SIZE) {
                _applyGroup(w, address(uint160(get(group))), group);
            }
        }
    }

    function _applyGroup(Batch memory w, address account, uint256 group) private {
        unchecked {
            uint256 word = get(group + 32);
            uint256 order = get(group + 64);
            uint256 end = order + get(group + 96) * ORDER_SIZE;
            uint256 touched = 0;
            // What orders of one market and side add up to, and which these are.
            uint256 sum = 0;
            uint256 kind = type(uint256).max;
            bool sequenced;
            // Marks of one word of the ring are gathered before it is written.
            uint256 place = 0;
            uint256 marks = 0;
            for (; order != end; order += ORDER_SIZE) {
                uint256 raw = get(order);
                uint256 kept = get(order + 64);
                if (kept & FILLED == 0) revert NotFilled(account, raw >> 16 & M40);
                if (raw >> 216 != kind) {
                    if (sum != 0) touched |= _sum(order - ORDER_SIZE, sum);
                    sum = 0;
                    kind = raw >> 216;
                    sequenced = _sequenced(raw);
                }
                sum += kept;
                if (sequenced) {
                    word = _raisedSequence(word, raw >> 16 & M40);
                    continue;
                }
                // Of all lots those are filled that were not left, and those of this batch.
                uint256 mark = (raw >> 16 & M40) << 30
                    | (raw >> 152 & M32) - (get(order + 32) & M32) + (kept & FILLED);
                if (raw & M16 == 0) {
                    word = _raisedMark(word, mark);
                    continue;
                }
                (uint256 at, uint256 shift) = _ringPlace(get(group + 128), (raw & M16) - 1);
                if (at != place) {
                    if (place != 0) store(place, marks);
                    place = at;
                    marks = load(at);
                }
                // The slot remembered fewer lots of this order, or an order of a lesser nonce.
                marks ^= (marks >> shift & MARK_MASK ^ mark) << shift;
            }
            touched |= _sum(end - ORDER_SIZE, sum);
            if (place != 0) store(place, marks);
            store(get(group + 160), _applySums(w, account, word, touched));
        }
    }

    /// @dev Adds the account's gathered deltas, of the tokens whose bits are in `touched`.
    /// @return The account's word.
    function _applySums(Batch memory w, address account, uint256 word, uint256 touched)
        private
        returns (uint256)
    {
        unchecked {
            uint256 p = w.deltas;
            uint256 net = w.net;
            for (uint256 token = 0; touched != 0; token++) {
                if (touched & 1 != 0) {
                    int256 delta = int256(get(p));
                    put(p, 0);
                    if (token < 2) word = _shifted(word, account, token, delta);
                    else _changeFurther(account, token, delta);
                    put(net, uint256(int256(get(net)) - delta));
                }
                touched >>= 1;
                p += 32;
                net += 32;
            }
            return word;
        }
    }

    /// @dev Adds the results of orders that share the market and side of `order` to its account's
    /// deltas.
    /// @param sum Of their third words.
    /// @return touched The bits of the market's two tokens.
    function _sum(uint256 order, uint256 sum) private pure returns (uint256 touched) {
        assembly ("memory-safe") {
            let market := shr(80, mload(add(order, 32)))
            touched := mload(add(market, 32))
            let base := mload(add(market, 64))
            let quote := mload(add(market, 96))
            let quoteQuanta := and(shr(46, sum), 0xffffffffffffffffffffffffffffffffff)
            let baseQuanta := mul(and(sum, 0x3fffffffffff), mload(add(market, 128)))
            // 1 for a buyer, -1 for a seller.
            let way := sub(1, shl(1, and(shr(224, mload(order)), 1)))
            mstore(base, add(mload(base), mul(way, baseQuanta)))
            mstore(quote, sub(sub(mload(quote), mul(way, quoteQuanta)), shr(183, shl(1, sum))))
        }
    }

    /// @dev Each withdrawal makes what the account has, up to its amount, claimable.
    function _readWithdrawals(Batch memory w) private {
        unchecked {
            uint256 count = data(w.at) >> 240;
            w.at += 2;
            for (uint256 i = 0; i < count; i++) {
                uint256 at = w.at;
                address account = address(uint160(data(at) >> 96));
                uint256 word = data(at + 20);
                _withdraw(account, word, at + 38);
                w.at = at + 102;
            }
        }
    }

    function _withdraw(address account, uint256 word, uint256 signature) private {
        unchecked {
            uint256 token = word >> 248;
            uint256 quanta = word >> 192 & M56;
            uint256 nonce = word >> 152 & M40;
            uint256 expiry = word >> 112 & M40;
            (address erc20,) = _token(token);
            bytes32 structHash = _withdrawHash(account, erc20, quanta, nonce, expiry);
            address signer = _signer(structHash, signature);
            if (signer != account) revert NotAuthorised(account, signer);
            if (block.timestamp > expiry + grace) revert Expired(account, nonce);
            uint256 claimable = claimables[account][token];
            if (nonce <= claimable >> 64) revert WithdrawalUsed(account, nonce);
            uint256 balance = balanceOf(account, token);
            if (quanta > balance) quanta = balance;
            _change(account, token, -int256(quanta));
            claimables[account][token] = nonce << 64 | (claimable & type(uint64).max) + quanta;
        }
    }

    function _beyondLimit(Batch memory w, uint256 order) private pure {
        revert BeyondLimit(_owner(w, order), get(order) >> 16 & M40);
    }

    function _overfilled(Batch memory w, uint256 order) private pure {
        revert Overfilled(_owner(w, order), get(order) >> 16 & M40);
    }

    function _owner(Batch memory w, uint256 order) private pure returns (address) {
        return address(uint160(get(w.groups + (get(order + 32) >> 64 & M16) * GROUP_SIZE)));
    }
}
