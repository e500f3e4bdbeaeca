// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IVault} from "../../src/IVault.sol";
import {PlainToken} from "../../src/test/Tokens.sol";
import {Vm} from "./Vm.sol";

/// @dev Everything that traders, a settler and a quorum without scruples can do to a vault, with
/// the truth about it kept beside: fills of every order, who signed what.
contract Handler {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 internal constant ACTORS = 4;
    uint256 internal constant VALIDATOR = 0xbeef;
    uint256 public constant QUANTUM = 1000;
    uint256 public constant LOT = 10;
    uint256 public constant TICK = 2;
    uint256 public constant FEE_MAX = 50;

    bytes32 internal constant ORDER_TYPE = keccak256(
        "Order(bytes32 market,address account,uint8 side,uint32 price,uint32 quantity,"
        "uint8 timeInForce,uint8 postOnly,bool quote,bool leased,uint8 selfTradePrevention,"
        "uint8 trigger,uint32 triggerPrice,uint40 expiry,uint64 feeMax,uint40 nonce,uint16 slot)"
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
    }

    IVault public immutable vault;
    PlainToken[3] public tokens;
    Signed[] public orders;
    uint256[ACTORS] internal nonces;
    /// Broken once, broken for ever.
    bool public robbed;
    bool public overfilled;
    bool public wentBack;
    bool public unbalanced;
    bool public stuck;
    /// The clock, kept here since the optimizer takes block.timestamp for constant within a call.
    uint256 public time;
    uint256 public settled;
    uint256 public exited;

    constructor(IVault vault_, PlainToken[3] memory tokens_) {
        vault = vault_;
        tokens = tokens_;
        time = block.timestamp;
        for (uint256 i = 0; i < ACTORS; i++) {
            for (uint256 token = 0; token < 3; token++) _deposit(i, token, 1_000_000);
        }
    }

    function actor(uint256 i) public pure returns (address) {
        return vm.addr(0xa11ce + i);
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

    function requestFloor(uint256 who, uint256 nonce) external watched {
        vm.prank(actor(who % ACTORS));
        vault.requestFloor(nonce % 30);
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

    function signOrder(uint256 who, uint256 price, uint256 quantity, uint256 kind) external {
        who %= ACTORS;
        bool ioc = kind & 1 == 1;
        orders.push(
            Signed({
                actor: who,
                sell: kind & 2 == 2,
                ioc: ioc,
                price: 95 + price % 10,
                quantity: 1 + quantity % 20,
                expiry: time + kind % 100_000,
                nonce: ++nonces[who],
                slot: ioc ? 0 : kind >> 8 & 3,
                filled: 0
            })
        );
    }

    // ---- what a quorum does with every order ever signed

    function settleOrders(uint256 first, uint256 second, uint256 lots) external watched {
        vm.assume(orders.length > 1);
        first %= orders.length;
        // Mostly pairs that cross, so that much of what is tried goes through; else any two.
        second = lots >> 8 & 3 == 0 ? second % orders.length : _crossing(first, second);
        Signed storage maker = orders[first];
        Signed storage taker = orders[second];
        vm.assume(maker.actor != taker.actor);
        lots = 1 + lots % 20;
        bool swap = actor(maker.actor) > actor(taker.actor);
        bytes memory content = abi.encodePacked(
            _market(),
            uint16(2),
            _group(swap ? taker : maker),
            _group(swap ? maker : taker),
            uint16(1),
            abi.encodePacked(uint16(swap ? 0 : 1), uint16(1), uint16(swap ? 1 : 0), uint32(lots)),
            uint16(0)
        );
        uint256[3][2] memory before = [_balances(maker.actor), _balances(taker.actor)];
        _settle(content);
        maker.filled += lots;
        taker.filled += lots;
        if (maker.filled > maker.quantity || taker.filled > taker.quantity) overfilled = true;
        _judge(maker, before[0], lots);
        _judge(taker, before[1], lots);
    }

    /// @dev The first order from `from` on whose owner, side and price could take the maker's.
    function _crossing(uint256 first, uint256 from) private view returns (uint256) {
        Signed storage maker = orders[first];
        from %= orders.length;
        for (uint256 i = 0; i < orders.length; i++) {
            Signed storage taker = orders[(from + i) % orders.length];
            if (taker.actor == maker.actor || taker.sell == maker.sell) continue;
            if (taker.sell ? taker.price <= maker.price : taker.price >= maker.price) {
                return (from + i) % orders.length;
            }
        }
        return from;
    }

    /// @dev A net result that its owner signed, against a settler who gets what is left.
    function settleCosigned(uint256 who, uint256 loss, uint256 floor, uint256 markWord)
        external
        watched
    {
        who %= ACTORS;
        loss %= 2000;
        floor %= 30;
        markWord = (markWord % 4) << 70 | (markWord >> 8 & 31) << 30 | (markWord >> 16 & 31);
        uint256[3] memory before = _balances(who);
        _settle(
            abi.encodePacked(
                uint8(0), uint16(1), actor(who), uint8(1), _delta(who, loss, floor, markWord),
                uint16(0), uint16(0)
            )
        );
        uint256[3] memory then = _balances(who);
        if (before[2] - then[2] != loss || before[0] != then[0] || before[1] != then[1]) {
            robbed = true;
        }
    }

    function settleWithdrawal(uint256 who, uint256 token, uint256 quanta) external watched {
        who %= ACTORS;
        token %= 3;
        quanta %= 3000;
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Withdraw(address account,address token,uint64 quanta,uint40 nonce,uint40 expiry)"
                ),
                actor(who),
                address(tokens[token]),
                quanta,
                ++nonces[who],
                time
            )
        );
        _settle(
            abi.encodePacked(
                uint8(0), uint16(0), uint16(0), uint16(1), actor(who), uint8(token),
                uint56(quanta), uint40(nonces[who]), uint40(time),
                _sign(0xa11ce + who, structHash)
            )
        );
    }

    function settleBytes(bytes calldata content) external watched {
        _settle(content);
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

    function _growing() private view returns (uint256[] memory all) {
        all = new uint256[](2 + ACTORS * 9);
        (all[0],) = vault.lastBatch();
        all[1] = vault.eventSequence();
        uint256 at = 2;
        for (uint256 i = 0; i < ACTORS; i++) {
            IVault.Account memory account = vault.accountOf(actor(i));
            all[at++] = account.sequence;
            all[at++] = account.floor;
            for (uint256 slot = 0; slot < 4; slot++) {
                (uint256 nonce, uint256 filled) = vault.markOf(actor(i), slot);
                all[at++] = nonce << 30 | filled;
            }
            for (uint256 token = 0; token < 3; token++) {
                (, all[at++]) = vault.claimableOf(actor(i), token);
            }
        }
    }

    /// @dev At the limit or better, fees within the ceiling, and nothing else.
    function _judge(Signed storage order, uint256[3] memory before, uint256 lots) private {
        uint256[3] memory then = _balances(order.actor);
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

    function _balances(uint256 who) private view returns (uint256[3] memory list) {
        for (uint256 token = 0; token < 3; token++) {
            list[token] = vault.balanceOf(actor(who), token);
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

    function _market() private pure returns (bytes memory) {
        return abi.encodePacked(
            uint8(1), uint8(0), uint8(1), uint56(LOT), uint56(TICK), uint16(30), uint16(60),
            uint56(3)
        );
    }

    function _marketHash() private view returns (bytes32) {
        return keccak256(abi.encode(address(vault), 0, 1, LOT, TICK, 30, 60, 3));
    }

    function _group(Signed storage order) private view returns (bytes memory) {
        return abi.encodePacked(
            actor(order.actor), uint8(0), uint16(1),
            uint16((order.sell ? 1 : 0) | (order.ioc ? 2 : 0)), uint8(0), uint32(order.price),
            uint32(order.quantity), uint40(order.expiry), uint56(FEE_MAX), uint40(order.nonce),
            uint16(order.slot), _sign(0xa11ce + order.actor, _orderHash(order))
        );
    }

    function _orderHash(Signed storage order) private view returns (bytes32) {
        return keccak256(
            bytes.concat(
                abi.encode(
                    ORDER_TYPE, _marketHash(), actor(order.actor), order.sell, order.price,
                    order.quantity, order.ioc, 0, false
                ),
                abi.encode(false, 0, 0, 0, order.expiry, FEE_MAX, order.nonce, order.slot)
            )
        );
    }

    function _delta(uint256 who, uint256 loss, uint256 floor, uint256 markWord)
        private
        view
        returns (bytes memory)
    {
        (uint256 last, bytes24 parent) = vault.lastBatch();
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "NetDelta(uint64 batch,bytes24 parent,address account,int64[] deltas,"
                    "uint40 sequence,uint40 floor,uint256[] marks)"
                ),
                last + 1,
                parent,
                actor(who),
                keccak256(abi.encode(0, 0, -int256(loss))),
                floor,
                floor,
                keccak256(abi.encode(markWord))
            )
        );
        return abi.encodePacked(
            uint8(3), uint16(1), uint40(floor), uint40(floor), int64(0), int64(0),
            -int64(uint64(loss)), uint88(markWord), _sign(0xa11ce + who, structHash)
        );
    }

    function _settle(bytes memory content) private {
        uint256[3] memory before = [owed(0), owed(1), owed(2)];
        (uint256 last, bytes24 parent) = vault.lastBatch();
        uint256 sealedAt = time;
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Batch(uint64 index,bytes24 parent,bytes32 content,uint40 sealedAt)"),
                last + 1,
                parent,
                keccak256(content),
                sealedAt
            )
        );
        bytes memory attestations = abi.encodePacked(uint32(1), _sign(VALIDATOR, structHash));
        _pass(vault.settlerWindow());
        vault.settle(last + 1, sealedAt, content, attestations);
        settled++;
        for (uint256 token = 0; token < 3; token++) {
            if (owed(token) != before[token]) unbalanced = true;
        }
    }

    function _pass(uint256 seconds_) private {
        time += seconds_;
        vm.warp(time);
    }

    function _sign(uint256 key, bytes32 structHash) private view returns (bytes memory) {
        bytes32 digest = keccak256(
            abi.encodePacked(bytes2(0x1901), vault.domainSeparator(), structHash)
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, v == 28 ? bytes32(uint256(s) | 1 << 255) : s);
    }
}
