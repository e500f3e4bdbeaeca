// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Groups} from "./Groups.sol";
import {data, get, put, elements} from "./Raw.sol";

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
    uint256 private constant M136 = 2 ** 136 - 1;

    // From bit 0: quanta 64 | last withdrawal's nonce 40.
    mapping(address account => mapping(uint256 token => uint256 word)) internal claimables;

    function _settleContent(
        bytes32 domain,
        uint256 index,
        bytes32 parent,
        bytes calldata content
    ) internal returns (uint256[] memory left) {
        unchecked {
            left = new uint256[](tokenCount);
            Work memory w;
            w.domain = domain;
            w.index = index;
            w.parent = parent;
            w.net = elements(left);
            w.deltas = elements(new uint256[](tokenCount));
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

    function _readSweeps(Work memory w) private view {
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
    function _fillMakers(Work memory w, uint256 fills) private pure {
        unchecked {
            uint256 at = w.at;
            for (uint256 i = 0; i < fills; i++) {
                uint256 word = data(at);
                _fillMaker(w, _order(w, word >> 240), word >> 208 & M32);
                at += 6;
            }
            w.at = at;
        }
    }

    /// @dev Fills of one taking order, in the order of the tape.
    function _sweep(Work memory w, uint256 takerIndex, uint256 fills) private pure {
        unchecked {
            uint256 taker = _order(w, takerIndex);
            uint256 raw = get(taker);
            uint256 kept = get(taker + 64);
            // Post-only orders never take, and no order enters the book twice.
            if (raw >> 227 & 3 != 0 || kept & TOOK != 0) revert CannotTrade(COSIGNED, takerIndex);
            uint256 place = get(taker + 32);
            uint256 market = place >> 80;
            uint256 filled = 0;
            uint256 quote = 0;
            uint256 fee = 0;
            uint256 at = w.at;
            for (uint256 i = 0; i < fills; i++) {
                uint256 word = data(at);
                uint256 lots = word >> 208 & M32;
                uint256 notional;
                if (word >> 240 == COSIGNED) {
                    uint256 price = word >> 176 & M32;
                    if (price == 0 || _beyond(raw, price)) _beyondLimit(w, taker);
                    notional = lots * price * get(market + 160);
                    at += 10;
                } else {
                    uint256 maker = _order(w, word >> 240);
                    uint256 makerPlace = get(maker + 32);
                    // Same market, other account, other side, and a price that crosses.
                    if (
                        makerPlace >> 80 != market || (makerPlace ^ place) >> 64 & M16 == 0
                            || (get(maker) ^ raw) >> 224 & SELL == 0
                            || _beyond(raw, makerPlace >> 32 & M32)
                    ) revert CannotTrade(word >> 240, takerIndex);
                    notional = _fillMaker(w, maker, lots);
                    at += 6;
                }
                if (lots == 0) _overfilled(w, taker);
                filled += lots;
                quote += notional;
                fee += notional * get(market + 224) / 10000;
            }
            w.at = at;
            if (fee < get(market + 256)) fee = get(market + 256);
            _record(w, taker, kept | TOOK, filled, quote, fee);
        }
    }

    /// @return notional Quote quanta, at the price at which the order rests.
    function _fillMaker(Work memory w, uint256 maker, uint256 lots)
        private
        pure
        returns (uint256 notional)
    {
        unchecked {
            uint256 place = get(maker + 32);
            // Only a gtc order rests.
            if (get(maker) >> 225 & 3 != 0) revert CannotTrade(_index(w, maker), COSIGNED);
            if (lots == 0) _overfilled(w, maker);
            uint256 market = place >> 80;
            notional = lots * (place >> 32 & M32) * get(market + 160);
            _record(
                w, maker, get(maker + 64), lots, notional, notional * get(market + 192) / 10000
            );
        }
    }

    /// @dev Adds to what the batch fills of an order. Its fees stop at what its owner allowed.
    function _record(
        Work memory w,
        uint256 order,
        uint256 kept,
        uint256 lots,
        uint256 notional,
        uint256 fee
    ) private pure {
        unchecked {
            if ((kept & M32) + lots > get(order + 32) & M32) _overfilled(w, order);
            uint256 feeMax = get(order) >> 56 & M56;
            uint256 before = kept >> 168 & M56;
            if (before + fee > feeMax) fee = feeMax - before;
            put(order + 64, kept + (fee << 168 | notional << 32 | lots));
        }
    }

    /// @dev Writes what the trades did to the accounts of the order side, each once.
    function _applyGroups(Work memory w) private {
        unchecked {
            uint256 group = w.groups;
            for (uint256 i = 0; i < w.groupCount; i++) {
                address account = address(uint160(get(group)));
                if (account != address(0)) _applyGroup(w, account, group);
                group += GROUP_SIZE;
            }
        }
    }

    function _applyGroup(Work memory w, address account, uint256 group) private {
        unchecked {
            uint256 word = get(group + 32);
            uint256 order = get(group + 64);
            uint256 touched = 0;
            for (uint256 i = get(group + 96); i != 0; i--) {
                uint256 raw = get(order);
                uint256 place = get(order + 32);
                uint256 kept = get(order + 64);
                uint256 lots = kept & M32;
                uint256 nonce = raw >> 16 & M40;
                if (lots == 0) revert NotFilled(account, nonce);
                touched |= _sum(w, place >> 80, raw, kept);
                if (_isSequenced(raw)) {
                    word = _raisedSequence(word, nonce);
                } else {
                    // Of lots that were there at first, those are filled that are not left.
                    uint256 filled = (raw >> 152 & M32) - (place & M32) + lots;
                    if (raw & M16 == 0) word = _raisedMark(word, nonce << 30 | filled);
                    else _raiseRing(account, raw & M16, nonce << 30 | filled);
                }
                order += ORDER_SIZE;
            }
            for (uint256 token = 0; touched != 0; token++) {
                if (touched & 1 != 0) {
                    uint256 p = w.deltas + token * 32;
                    int256 delta = int256(get(p));
                    put(p, 0);
                    if (token < 2) word = _shifted(word, account, token, delta);
                    else _changeFurther(account, token, delta);
                    p = w.net + token * 32;
                    put(p, uint256(int256(get(p)) - delta));
                }
                touched >>= 1;
            }
            accounts[account] = word;
        }
    }

    /// @dev Adds one order's result to its account's deltas.
    /// @return touched The bits of its two tokens.
    function _sum(Work memory w, uint256 market, uint256 raw, uint256 kept)
        private
        pure
        returns (uint256 touched)
    {
        unchecked {
            uint256 base = get(market + 64);
            uint256 quote = get(market + 96);
            uint256 baseQuanta = (kept & M32) * get(market + 128);
            uint256 quoteQuanta = kept >> 32 & M136;
            uint256 fee = kept >> 168 & M56;
            touched = 1 << base | 1 << quote;
            base = w.deltas + base * 32;
            quote = w.deltas + quote * 32;
            if (raw >> 224 & SELL == 0) {
                put(base, get(base) + baseQuanta);
                put(quote, get(quote) - quoteQuanta - fee);
            } else {
                put(base, get(base) - baseQuanta);
                put(quote, get(quote) + quoteQuanta - fee);
            }
        }
    }

    /// @dev Each withdrawal makes what the account has, up to its amount, claimable.
    function _readWithdrawals(Work memory w) private {
        unchecked {
            uint256 count = data(w.at) >> 240;
            w.at += 2;
            for (uint256 i = 0; i < count; i++) {
                uint256 at = w.at;
                address account = address(uint160(data(at) >> 96));
                uint256 word = data(at + 20);
                _withdraw(w.domain, account, word, at + 38);
                w.at = at + 102;
            }
        }
    }

    function _withdraw(bytes32 domain, address account, uint256 word, uint256 signature) private {
        unchecked {
            uint256 token = word >> 248;
            uint256 quanta = word >> 192 & M56;
            uint256 nonce = word >> 152 & M40;
            uint256 expiry = word >> 112 & M40;
            (address erc20,) = _token(token);
            bytes32 structHash = _withdrawHash(account, erc20, quanta, nonce, expiry);
            address signer = _signer(domain, structHash, signature);
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

    /// @dev Pointer to the order of this index.
    function _order(Work memory w, uint256 index) private pure returns (uint256) {
        if (index >= w.orderCount) revert UnknownOrder(index);
        unchecked {
            return w.orders + index * ORDER_SIZE;
        }
    }

    function _index(Work memory w, uint256 order) private pure returns (uint256) {
        return (order - w.orders) / ORDER_SIZE;
    }

    /// @dev Whether a trade at `price` would break the order's limit.
    function _beyond(uint256 raw, uint256 price) private pure returns (bool) {
        uint256 limit = raw >> 184 & M32;
        return raw >> 224 & SELL == 0 ? price > limit : price < limit;
    }

    function _beyondLimit(Work memory w, uint256 order) private pure {
        revert BeyondLimit(_owner(w, order), get(order) >> 16 & M40);
    }

    function _overfilled(Work memory w, uint256 order) private pure {
        revert Overfilled(_owner(w, order), get(order) >> 16 & M40);
    }

    function _owner(Work memory w, uint256 order) private pure returns (address) {
        return address(uint160(get(w.groups + (get(order + 32) >> 64 & M16) * GROUP_SIZE)));
    }
}
