// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IVault} from "../../src/IVault.sol";
import {Vault} from "../../src/Vault.sol";
import {PlainToken} from "../../src/test/Tokens.sol";
import {Handler} from "./Handler.sol";
import {Vm} from "./Vm.sol";

/// @dev What must always hold. The seventh, that the engine's balances equal the vault's, is the
/// differential test in test/contracts.
contract VaultInvariants {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    Handler internal handler;
    IVault internal vault;
    PlainToken[3] internal tokens;

    function setUp() public {
        IVault.Terms memory terms;
        terms.validators = new address[](1);
        terms.validators[0] = vm.addr(0xbeef);
        terms.threshold = 1;
        terms.tokens = new IVault.Token[](3);
        for (uint256 i = 0; i < 3; i++) {
            tokens[i] = new PlainToken("Token", "T", 18);
            terms.tokens[i] = IVault.Token(address(tokens[i]), 1000);
        }
        terms.settlerWindow = 60;
        terms.horizon = 3600;
        terms.grace = 7200;
        terms.exitDelay = 86_400;
        vm.warp(1_000_000_000);
        vault = new Vault(terms);
        handler = new Handler(vault, tokens);
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    /// The vault holds at least the sum of all balances, claimables and pending exits.
    function invariant_1_holdsWhatItOwes() public view {
        for (uint256 token = 0; token < 3; token++) {
            require(
                tokens[token].balanceOf(address(vault))
                    >= handler.owed(token) * handler.QUANTUM(),
                "owes more than it holds"
            );
        }
    }

    /// A settled batch changes no token's total.
    function invariant_2_batchesAreBalanced() public view {
        require(!handler.unbalanced(), "a batch changed a total");
    }

    /// No balance falls without the owner's signature over an order, a net delta or a withdrawal, or
    /// his own transaction.
    function invariant_3_nobodyIsRobbed() public view {
        require(!handler.robbed(), "an owner lost what he did not sign for");
    }

    /// An order never fills beyond its quantity in all batches together, beyond its limit price (see
    /// `robbed`), after its expiry and grace, below the floor, or on another chain.
    function invariant_4_ordersFillOnce() public view {
        require(!handler.overfilled(), "an order filled beyond its quantity");
        require(!handler.lawless(), "an order filled that was dead");
    }

    /// An owner can always take his whole balance out after the delay.
    function invariant_5_exitsAreOpen() public view {
        require(!handler.stuck(), "an owner could not leave");
    }

    /// Nonces in marks and withdrawals, sequences, floors, events and batches only grow.
    function invariant_6_numbersOnlyGrow() public view {
        require(!handler.wentBack(), "a number went back");
    }

    /// A void is taken when the horizon of what it replaces has passed, not before, and once.
    function invariant_8_voidsWait() public view {
        require(!handler.misvoided(), "a void came early or twice, or was refused");
    }

    /// What a run tried has come about: a fuzzer of refusals proves nothing.
    function afterInvariant() public view {
        for (uint256 kind = 0; kind < 2; kind++) {
            require(
                handler.settled(kind) * 100 >= handler.tried(kind) * 95,
                "lawful batches were refused"
            );
        }
        require(handler.tried(0) + handler.tried(1) >= 5, "too few lawful batches were tried");
    }

    /// The handler's deeds do come about, each kind of them.
    function test_handlerSettles() public {
        for (uint256 i = 0; i < 40; i++) {
            handler.settleOrders(uint256(keccak256(abi.encode(i))), i);
            handler.settleCosigned(uint256(keccak256(abi.encode(i, i))), 500, i);
        }
        handler.settleWithdrawal(1, 0, 100);
        handler.claim(1, 0);
        handler.requestExit(3, 2);
        handler.claimExit(3, 2);
        require(handler.tried(0) == 41 && handler.settled(0) == 41, "orders");
        require(handler.tried(1) == 40 && handler.settled(1) == 40, "co-signed");
        require(handler.exited() == 1, "exits");
        handler.voidBatch(vault.horizon());
        require(handler.voided() == 0, "a void at the very horizon");
        handler.voidBatch(vault.horizon() + 1);
        require(handler.voided() == 1 && !handler.misvoided(), "voids");
        handler.settleOrders(1, 1);
        require(handler.settled(0) == 42, "a batch upon a void");
    }

    /// Any bytes that are not a batch are refused, whoever attests them; nothing else happens.
    function testFuzz_strangeBytes(bytes calldata content) public {
        // Three zero counts behind an empty list of markets are a batch of nothing.
        bool isNothing = keccak256(content) == keccak256(new bytes(7));
        require(!handler.settleBytes(content) || isNothing, "accepted");
    }
}
