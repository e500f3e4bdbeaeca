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
    uint256 private constant TOOK = 1 << 255;

    // From bit 0: quanta 64 | last withdrawal's nonce 40.
    mapping(address account => mapping(uint256 token => uint256 word)) internal claimables;

    function _settleContent(
        uint256 signing,
        uint256 index,
        bytes32 parent,
        bytes calldata content
    ) internal returns (uint256[] memory left) {
        unchecked {
            left = new uint256[](tokenCount);
            Batch memory w;
            w.signing = signing;
            w.net = elements(left);
            w.deltas = elements(new uint256[](tokenCount));
            w.form = elements(new uint256[](17));
            put(w.form, uint256(ORDER_TYPE));
            w.deltaForm = tail();
            setTail(w.deltaForm + 256);
            put(w.deltaForm, uint256(NET_DELTA_TYPE));
            put(w.deltaForm + 32, index);
            put(w.deltaForm + 64, uint256(parent));
            // No order has this kind, so the first one fills the form.
            w.formKind = type(uint256).max;
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
                _fillMaker(w, w.orders + maker * ORDER_SIZE, word >> 208 & M32);
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
            uint256 place = get(taker + 32);
            // Post-only orders never take, and no order enters the book twice.
            if (raw >> 227 & 3 != 0 || get(taker + 64) & TOOK != 0) {
                revert CannotTrade(COSIGNED, takerIndex);
            }
            uint256 market = place >> 80;
            // Prices beyond the limit are above it, when a seller's are turned upside down.
            uint256 turn = 0 - (raw >> 224 & SELL);
            uint256 limit = (raw >> 184 & M32) ^ turn;
            uint256 filled = 0;
            uint256 quote = 0;
            uint256 fee = 0;
            uint256 at = w.at;
            for (; fills != 0; fills--) {
                uint256 word = data(at);
                uint256 lots = word >> 208 & M32;
                uint256 maker = word >> 240;
                at += 6;
                uint256 notional;
                if (maker < w.orderCount) {
                    maker = w.orders + maker * ORDER_SIZE;
                    if (_mismatched(raw, place, maker, turn, limit)) {
                        revert CannotTrade(word >> 240, takerIndex);
                    }
                    notional = _fillMaker(w, maker, lots);
                } else {
                    if (maker != COSIGNED) revert UnknownOrder(maker);
                    uint256 price = word >> 176 & M32;
                    at += 4;
                    if (price == 0 || price ^ turn > limit) _beyondLimit(w, taker);
                    if (lots == 0) _overfilled(w, taker);
                    notional = lots * price * get(market + 160);
                }
                filled += lots;
                quote += notional;
                fee += notional * get(market + 224) / 10000;
            }
            w.at = at;
            if (fee < get(market + 256)) fee = get(market + 256);
            uint256 kept = get(taker + 64);
            if ((kept & M32) + filled > place & M32) _overfilled(w, taker);
            fee = _allowed(raw, kept, fee);
            put(taker + 64, (kept | TOOK) + (fee << 168 | quote << 32 | filled));
        }
    }

    /// @dev Whether a taking order cannot trade with the maker: another market, the same account,
    /// the same side, or a price that does not cross.
    function _mismatched(uint256 raw, uint256 place, uint256 maker, uint256 turn, uint256 limit)
        private
        pure
        returns (bool no)
    {
        assembly ("memory-safe") {
            let makerPlace := mload(add(maker, 32))
            // Above the 16 bits of the group both say the same, in them something else.
            no := iszero(lt(sub(shr(64, xor(makerPlace, place)), 1), 0xffff))
            no := or(no, iszero(and(shr(224, xor(mload(maker), raw)), 1)))
            no := or(no, gt(xor(and(shr(32, makerPlace), 0xffffffff), turn), limit))
        }
    }

    /// @dev One fill of a resting order, at the price at which it rests.
    /// @return notional Quote quanta.
    function _fillMaker(Batch memory w, uint256 maker, uint256 lots)
        private
        pure
        returns (uint256 notional)
    {
        unchecked {
            uint256 raw = get(maker);
            uint256 place = get(maker + 32);
            uint256 kept = get(maker + 64);
            uint256 market = place >> 80;
            notional = lots * (place >> 32 & M32) * get(market + 160);
            uint256 fee = notional * get(market + 192) / 10000;
            bool refused;
            assembly ("memory-safe") {
                // Only a gtc order rests.
                refused := or(and(shr(225, raw), 3), iszero(lots))
                refused := or(refused, gt(add(and(kept, 0xffffffff), lots), and(place, 0xffffffff)))
            }
            if (refused) {
                if (raw >> 225 & 3 == 0) _overfilled(w, maker);
                revert CannotTrade((maker - w.orders) / ORDER_SIZE, COSIGNED);
            }
            fee = _allowed(raw, kept, fee);
            put(maker + 64, kept + (fee << 168 | notional << 32 | lots));
        }
    }

    /// @dev As much of the fee as the order's owner still allows in this batch.
    function _allowed(uint256 raw, uint256 kept, uint256 fee) private pure returns (uint256) {
        unchecked {
            uint256 left = (raw >> 56 & M56) - (kept >> 168 & M56);
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
            // Marks of one word of the ring are gathered before it is written.
            uint256 place = 0;
            uint256 marks = 0;
            for (; order != end; order += ORDER_SIZE) {
                uint256 raw = get(order);
                uint256 kept = get(order + 64);
                if (kept & M32 == 0) revert NotFilled(account, raw >> 16 & M40);
                touched |= _sum(order, raw, kept);
                if ((raw >> 224 & (TIME_IN_FORCE | TRIGGER)) - 1 < TIME_IN_FORCE) {
                    word = _raisedSequence(word, raw >> 16 & M40);
                    continue;
                }
                // Of all lots those are filled that were not left, and those of this batch.
                uint256 mark = (raw >> 16 & M40) << 30
                    | (raw >> 152 & M32) - (get(order + 32) & M32) + (kept & M32);
                if (raw & M16 == 0) {
                    word = _raisedMark(word, mark);
                    continue;
                }
                (uint256 at, uint256 shift) = _ringPlace(get(group + 128), raw & M16);
                if (at != place) {
                    if (place != 0) store(place, marks);
                    place = at;
                    marks = load(at);
                }
                uint256 old = marks >> shift & MARK_MASK;
                if (mark > old) marks ^= (old ^ mark) << shift;
            }
            if (place != 0) store(place, marks);
            accounts[account] = _applySums(w, account, word, touched);
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

    /// @dev Adds one order's result to its account's deltas.
    /// @return touched The bits of its two tokens.
    function _sum(uint256 order, uint256 raw, uint256 kept)
        private
        pure
        returns (uint256 touched)
    {
        assembly ("memory-safe") {
            let market := shr(80, mload(add(order, 32)))
            touched := mload(add(market, 32))
            let base := mload(add(market, 64))
            let quote := mload(add(market, 96))
            let quoteQuanta := and(shr(32, kept), 0xffffffffffffffffffffffffffffffffff)
            let baseQuanta := mul(and(kept, 0xffffffff), mload(add(market, 128)))
            // 1 for a buyer, -1 for a seller.
            let way := sub(1, shl(1, and(shr(224, raw), 1)))
            mstore(base, add(mload(base), mul(way, baseQuanta)))
            let fee := and(shr(168, kept), 0xffffffffffffff)
            mstore(quote, sub(sub(mload(quote), mul(way, quoteQuanta)), fee))
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
                _withdraw(w.signing, account, word, at + 38);
                w.at = at + 102;
            }
        }
    }

    function _withdraw(uint256 signing, address account, uint256 word, uint256 signature) private {
        unchecked {
            uint256 token = word >> 248;
            uint256 quanta = word >> 192 & M56;
            uint256 nonce = word >> 152 & M40;
            uint256 expiry = word >> 112 & M40;
            (address erc20,) = _token(token);
            bytes32 structHash = _withdrawHash(account, erc20, quanta, nonce, expiry);
            address signer = _signer(signing, structHash, signature);
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
