// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IVault} from "../../src/IVault.sol";
import {PlainToken} from "../../src/test/Tokens.sol";
import {Signing} from "./Signing.sol";
import {Voiding} from "./Voiding.sol";

/// @dev Everything that traders, a settler and a quorum without scruples can do to a vault, with
/// the truth about it kept beside: fills of every order, who signed what. A batch is either lawful,
/// and then it has to settle, or wild, and then it may.
contract Handler is Voiding {
    uint256 public constant QUANTUM = 1000;
    uint256 private constant RICH = 1_000_000;

    PlainToken[3] public tokens;
    Signed[] public orders;
    uint256[ACTORS] internal nonces;
    /// Broken once, broken for ever.
    bool public robbed;
    bool public overfilled;
    bool public lawless;
    bool public wentBack;
    bool public unbalanced;
    bool public stuck;
    /// The clock, kept here since the optimizer takes block.timestamp for constant within a call.
    uint256 public time;
    uint256 public exited;
    /// Batches tried and settled: of orders, with a co-signed side, and wild ones.
    uint256[3] public tried;
    uint256[3] public settled;

    constructor(IVault vault_, PlainToken[3] memory tokens_) Signing(vault_) {
        tokens = tokens_;
        time = block.timestamp;
        for (uint256 i = 0; i < ACTORS; i++) {
            for (uint256 token = 0; token < 3; token++) _deposit(i, token, RICH);
            for (uint256 kind = 0; kind < 4; kind++) signOrder(i, i + kind, 3 * i + kind, kind);
        }
    }

    function actors() external pure returns (uint256) {
        return ACTORS;
    }

    // ---- what owners do

    function deposit(uint256 who, uint256 token, uint256 quanta) external watched {
        _deposit(who % ACTORS, token % 3, 1 + quanta % 10_000);
    }

    function requestExit(uint256 who, uint256 token) external watched {
        vm.prank(actor(who % ACTORS));
        vault.requestExit(token % 3);
    }

    function cancelExit(uint256 who, uint256 token) external watched {
        vm.prank(actor(who % ACTORS));
        vault.cancelExit(token % 3);
    }

    /// @dev An owner whose delay has passed always gets all that he has.
    function claimExit(uint256 who, uint256 token) external watched {
        address owner = actor(who % ACTORS);
        token %= 3;
        uint256 readyAt = vault.exitOf(owner, token);
        vm.assume(readyAt != 0);
        if (time < readyAt) _pass(readyAt - time);
        uint256 balance = vault.balanceOf(owner, token);
        uint256 before = tokens[token].balanceOf(owner);
        vm.prank(owner);
        try vault.claimExit(token) {
            if (tokens[token].balanceOf(owner) - before != balance * QUANTUM) stuck = true;
            exited++;
        } catch {
            stuck = true;
        }
    }

    function requestFloor(uint256 who, uint256 ahead) external watched {
        who %= ACTORS;
        vm.prank(actor(who));
        vault.requestFloor(nonces[who] - nonces[who] / 2 + ahead % 4);
    }

    function applyFloor(uint256 who) external watched {
        vault.applyFloor(actor(who % ACTORS));
    }

    function claim(uint256 who, uint256 token) external watched {
        vault.claim(actor(who % ACTORS), token % 3);
    }

    function pass(uint256 seconds_) external {
        _pass(seconds_ % 40_000);
    }

    function signOrder(uint256 who, uint256 price, uint256 quantity, uint256 kind) public {
        _signOrder(who % ACTORS, kind & 2 == 2, kind & 1 == 1, 95 + price % 10, quantity, kind);
    }

    // ---- what a quorum does with every order ever signed

    /// @dev Two orders that cross, for lots that both have left: of those ever signed, or else signed
    /// now.
    function settleOrders(uint256 seed, uint256 lots) external watched {
        uint256 maker = _maker(seed);
        uint256 taker = _taker(maker, seed >> 64);
        uint256 most = _left(orders[maker]);
        if (_left(orders[taker]) < most) most = _left(orders[taker]);
        lots = 1 + lots % most;
        _fund(orders[maker].actor);
        _fund(orders[taker].actor);
        _trade(0, maker, taker, lots);
    }

    /// @dev Any two orders, dead, filled or of another chain, for any lots.
    function settleWild(uint256 first, uint256 second, uint256 lots) external watched {
        first %= orders.length;
        second %= orders.length;
        vm.assume(orders[first].actor != orders[second].actor);
        _trade(2, first, second, lots % 30);
    }

    function _trade(uint256 kind, uint256 first, uint256 second, uint256 lots) private {
        Signed storage maker = orders[first];
        Signed storage taker = orders[second];
        bool swap = actor(maker.actor) > actor(taker.actor);
        bytes memory content = abi.encodePacked(
            _market(),
            uint16(2),
            _order(swap ? taker : maker),
            _order(swap ? maker : taker),
            uint16(1),
            abi.encodePacked(uint16(swap ? 0 : 1), uint16(1), uint16(swap ? 1 : 0), uint32(lots)),
            uint16(0)
        );
        bool dead = _isDead(maker) || _isDead(taker) || maker.ioc;
        uint256[3][ACTORS] memory before = _all();
        if (!_settle(kind, content)) return;
        if (dead) lawless = true;
        _filled(maker, before, lots);
        _filled(taker, before, lots);
        _others(before, maker.actor, taker.actor);
    }

    /// @dev A net result that its owner signed: against an order of another one's, or to pay the
    /// settler. It marks, and raises sequence and floor.
    function settleCosigned(uint256 seed, uint256 loss, uint256 lots) external watched {
        uint256 maker = _maker(seed);
        Signed storage order = orders[maker];
        uint256 who = (order.actor + 1 + seed % (ACTORS - 1)) % ACTORS;
        lots = 1 + lots % _left(order);
        _fund(order.actor);
        _fund(who);
        Delta memory delta;
        delta.actor = who;
        delta.sequence = nonces[who] / 2;
        delta.floor = nonces[who] / 3;
        delta.mark = (seed >> 8 & 3) << 70 | (nonces[who] / 2) << 30 | (seed >> 16 & 31);
        int256 way = order.sell ? int256(1) : -1;
        delta.quanta[0] = way * int256(lots * LOT);
        delta.quanta[1] = -way * int256(lots * order.price * TICK);
        delta.quanta[2] = -int256(loss % 2000);
        bool swap = actor(who) > actor(order.actor);
        bytes memory content = abi.encodePacked(
            _market(),
            uint16(2),
            swap ? _order(order) : _delta(delta),
            swap ? _delta(delta) : _order(order),
            abi.encodePacked(uint16(1), uint16(0xffff), uint16(1), uint16(0), uint32(lots)),
            uint16(0)
        );
        bool dead = _isDead(order);
        uint256[3][ACTORS] memory before = _all();
        if (!_settle(1, content)) return;
        if (dead) lawless = true;
        _filled(order, before, lots);
        for (uint256 token = 0; token < 3; token++) {
            uint256 then = vault.balanceOf(actor(who), token);
            if (int256(then) != int256(before[who][token]) + delta.quanta[token]) robbed = true;
        }
        _others(before, order.actor, who);
    }

    function settleWithdrawal(uint256 who, uint256 token, uint256 quanta) external watched {
        who %= ACTORS;
        token %= 3;
        quanta %= 3000;
        uint256[3][ACTORS] memory before = _all();
        (uint256 ready,) = vault.claimableOf(actor(who), token);
        bytes memory signed =
            _withdrawal(who, address(tokens[token]), token, quanta, ++nonces[who], time);
        if (!_settle(0, abi.encodePacked(uint8(0), uint16(0), uint16(0), uint16(1), signed))) return;
        if (quanta > before[who][token]) quanta = before[who][token];
        (uint256 then,) = vault.claimableOf(actor(who), token);
        if (then - ready != quanta) robbed = true;
        before[who][token] -= quanta;
        _others(before, ACTORS, ACTORS);
    }

    function voidBatch(uint256 age) external watched balanced {
        _voidNext(time - age % (2 * vault.horizon()), time);
    }

    function settleBytes(bytes calldata content) external watched returns (bool) {
        return _settle(2, content);
    }

    // ---- which orders can trade

    function _isDead(Signed storage order) private view returns (bool) {
        return order.foreign || time + vault.settlerWindow() > order.expiry + vault.grace()
            || order.nonce < vault.accountOf(actor(order.actor)).floor;
    }

    /// @dev Lots that an order can still trade, as its owner and the vault both see it.
    function _left(Signed storage order) private view returns (uint256) {
        if (_isDead(order) || order.filled >= order.quantity) return 0;
        if (order.ioc) {
            bool used = order.nonce <= vault.accountOf(actor(order.actor)).sequence;
            return used ? 0 : order.quantity;
        }
        (uint256 nonce, uint256 filled) = vault.markOf(actor(order.actor), order.slot);
        if (nonce > order.nonce) return 0;
        // A net delta may have marked more than was filled.
        if (nonce < order.nonce) filled = order.filled;
        return filled < order.quantity ? order.quantity - filled : 0;
    }

    function _maker(uint256 from) private returns (uint256) {
        for (uint256 i = 0; i < orders.length; i++) {
            uint256 at = (from % orders.length + i) % orders.length;
            if (!orders[at].ioc && _left(orders[at]) != 0) return at;
        }
        _signOrder(from % ACTORS, from & 4 == 4, false, 100, from >> 3, 1 << 9);
        return orders.length - 1;
    }

    function _taker(uint256 maker, uint256 from) private returns (uint256) {
        Signed storage order = orders[maker];
        for (uint256 i = 0; i < orders.length; i++) {
            uint256 at = (from % orders.length + i) % orders.length;
            Signed storage taker = orders[at];
            if (taker.actor == order.actor || taker.sell == order.sell) continue;
            if (taker.sell ? taker.price > order.price : taker.price < order.price) continue;
            if (_left(taker) != 0) return at;
        }
        uint256 who = (order.actor + 1 + from % (ACTORS - 1)) % ACTORS;
        _signOrder(who, !order.sell, from & 4 == 4, order.price, from >> 3, 1 << 9);
        return orders.length - 1;
    }

    function _signOrder(
        uint256 who,
        bool sell,
        bool ioc,
        uint256 price,
        uint256 quantity,
        uint256 kind
    ) private {
        orders.push(
            Signed({
                actor: who,
                sell: sell,
                ioc: ioc,
                price: price,
                quantity: 1 + quantity % 20,
                expiry: time + (kind & 28 == 4 ? kind % 1000 : 400_000),
                nonce: ++nonces[who],
                slot: ioc ? 0 : kind >> 5 & 7,
                filled: 0,
                foreign: kind & 28 == 8
            })
        );
    }

    /// @dev So that he can pay for any one trade.
    function _fund(uint256 who) private {
        for (uint256 token = 0; token < 3; token++) {
            if (vault.balanceOf(actor(who), token) < 10_000) _deposit(who, token, RICH);
        }
    }

    // ---- how

    /// @dev Around every deed: what only grows has grown.
    modifier watched() {
        uint256[] memory before = _growing();
        _;
        uint256[] memory then = _growing();
        for (uint256 i = 0; i < before.length; i++) {
            if (then[i] < before[i]) wentBack = true;
        }
    }

    modifier balanced() {
        uint256[3] memory before = [owed(0), owed(1), owed(2)];
        _;
        for (uint256 token = 0; token < 3; token++) {
            if (owed(token) != before[token]) unbalanced = true;
        }
    }

    function _growing() private view returns (uint256[] memory all) {
        all = new uint256[](2 + ACTORS * 13);
        (all[0],) = vault.lastBatch();
        all[1] = vault.eventSequence();
        uint256 at = 2;
        for (uint256 i = 0; i < ACTORS; i++) {
            IVault.Account memory account = vault.accountOf(actor(i));
            all[at++] = account.sequence;
            all[at++] = account.floor;
            for (uint256 slot = 0; slot < 8; slot++) {
                (uint256 nonce, uint256 filled) = vault.markOf(actor(i), slot);
                all[at++] = nonce << 30 | filled;
            }
            for (uint256 token = 0; token < 3; token++) {
                (, all[at++]) = vault.claimableOf(actor(i), token);
            }
        }
    }

    /// @dev Within the quantity, at the limit or better, fees within the ceiling, nothing else.
    function _filled(Signed storage order, uint256[3][ACTORS] memory all, uint256 lots) private {
        order.filled += lots;
        if (order.filled > order.quantity) overfilled = true;
        uint256[3] memory before = all[order.actor];
        uint256[3] memory then = _all()[order.actor];
        uint256 quote = lots * order.price * TICK;
        if (order.sell) {
            if (before[0] - then[0] != lots * LOT) robbed = true;
            if (then[1] + FEE_MAX < before[1] + quote) robbed = true;
        } else {
            if (then[0] - before[0] != lots * LOT) robbed = true;
            if (then[1] + quote + FEE_MAX < before[1]) robbed = true;
        }
        if (then[2] != before[2]) robbed = true;
    }

    /// @dev Who signed nothing keeps everything.
    function _others(uint256[3][ACTORS] memory before, uint256 one, uint256 two) private {
        for (uint256 i = 0; i < ACTORS; i++) {
            if (i == one || i == two) continue;
            for (uint256 token = 0; token < 3; token++) {
                if (vault.balanceOf(actor(i), token) != before[i][token]) robbed = true;
            }
        }
    }

    function _all() private view returns (uint256[3][ACTORS] memory list) {
        for (uint256 i = 0; i < ACTORS; i++) {
            for (uint256 token = 0; token < 3; token++) {
                list[i][token] = vault.balanceOf(actor(i), token);
            }
        }
    }

    /// @dev All that the vault owes of a token.
    function owed(uint256 token) public view returns (uint256 sum) {
        for (uint256 i = 0; i < ACTORS; i++) {
            (uint256 claimable,) = vault.claimableOf(actor(i), token);
            sum += vault.balanceOf(actor(i), token) + claimable;
        }
        sum += vault.balanceOf(address(this), token);
    }

    function _deposit(uint256 who, uint256 token, uint256 quanta) private {
        tokens[token].mint(address(this), quanta * QUANTUM);
        tokens[token].approve(address(vault), quanta * QUANTUM);
        vault.deposit(token, quanta, actor(who));
    }

    /// @return Whether the vault took it.
    function _settle(uint256 kind, bytes memory content) private balanced returns (bool) {
        (uint256 last, bytes24 parent) = vault.lastBatch();
        uint256 sealedAt = time;
        bytes memory attestation = _attestation(last + 1, parent, content, sealedAt);
        _pass(vault.settlerWindow());
        tried[kind]++;
        try vault.settle(last + 1, sealedAt, content, attestation) {
            settled[kind]++;
            return true;
        } catch {
            return false;
        }
    }

    function _pass(uint256 seconds_) private {
        time += seconds_;
        vm.warp(time);
    }
}
