// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The vault of a Curb venue
/// @notice Holds the traders' tokens and moves them only by the owners' own signatures: over an
/// order (within its price, quantity, floor and expiry), over the net result of one batch, or over
/// a withdrawal. A quorum of validators attests to each batch. No owner, no pause, no upgrade.
///
/// Units: a balance is a whole number of quanta, one quantum being `quantum` base units of its
/// token, and less than 2^53. Times are whole seconds. Quantities are lots, prices ticks.
///
/// Tokens that rebase, or whose issuer can take them back, are not supported: the vault would owe
/// more than it holds.
interface IVault {
    /// @notice A token of the venue; its place in the list is its index everywhere else.
    struct Token {
        address token;
        uint96 quantum;
    }

    /// @notice What is fixed for ever when the vault is made.
    struct Terms {
        /// 1 to 32 signers, in the order of the venue's manifest.
        address[] validators;
        /// How many of them make a quorum.
        uint256 threshold;
        /// 2 to 32 tokens; the first two share the account's own storage word.
        Token[] tokens;
        /// For so long after sealing only validators may submit a batch.
        uint256 settlerWindow;
        /// For so long after sealing no quorum may void a batch.
        uint256 horizon;
        /// For so long past its expiry a signature can still be settled; at least `horizon`.
        uint256 grace;
        /// From an owner's request to its effect; longer than `horizon`.
        uint256 exitDelay;
    }

    /// @notice One account's own word.
    struct Account {
        /// Greatest settled nonce of an ioc or fok order.
        uint256 sequence;
        /// Every order with a smaller nonce is dead.
        uint256 floor;
        /// Balances of the first two tokens, in quanta.
        uint256 balance0;
        uint256 balance1;
        /// What ring slot 0 remembers: the order of this nonce has this many filled lots.
        uint256 markNonce;
        uint256 markFilled;
    }

    /// @notice A delegate's right to one market, or (market 0) to all.
    struct Grant {
        uint256 from;
        uint256 until;
        bool cosign;
        /// What an earlier, wider grant still allows while its revocation takes effect.
        uint256 tailFrom;
        uint256 tailUntil;
        bool tailCosign;
    }

    // Every event carries the vault's own sequence, 1, 2, 3 ... without a gap.

    /// @notice `quanta` of what arrived were credited to `account`.
    event Deposited(uint64 sequence, address indexed account, uint8 token, uint64 quanta);
    /// @notice From `readyAt` the owner may take his whole balance of `token`.
    event ExitRequested(uint64 sequence, address indexed account, uint8 token, uint40 readyAt);
    event ExitCancelled(uint64 sequence, address indexed account, uint8 token);
    event ExitClaimed(uint64 sequence, address indexed account, uint8 token, uint64 quanta);
    /// @notice From `readyAt` anyone may raise the account's floor to `nonce`.
    event FloorRequested(uint64 sequence, address indexed account, uint40 nonce, uint40 readyAt);
    event FloorApplied(uint64 sequence, address indexed account, uint40 nonce);
    /// @notice `market` 0 stands for all markets. What the grant takes away from an earlier one
    /// stays valid in the vault for `exitDelay`.
    event DelegateSet(
        uint64 sequence,
        address indexed account,
        address delegate,
        bytes32 market,
        bool cosign,
        uint40 from,
        uint40 until
    );
    /// @notice `hash` is the batch's link, the parent of the next. `fees` are quanta by token
    /// index, without trailing zeros, credited to `submitter`.
    event BatchSettled(
        uint64 sequence, uint64 index, bytes24 hash, address submitter, uint64[] fees
    );
    /// @notice `hash` is the void's link, the parent of the next batch.
    event BatchVoided(uint64 sequence, uint64 index, bytes24 hash);
    event Claimed(uint64 sequence, address indexed account, uint8 token, uint64 quanta);

    /// The constructor's terms break a rule of `Terms`.
    error InvalidTerms();
    /// The venue has no token of this index.
    error UnknownToken(uint256 token);
    /// A deposit to the zero address, which nobody could ever take out.
    error ZeroAccount();
    /// Nothing to deposit, claim or pay.
    error NothingToMove();
    /// The vault would hold more than 2^53-1 quanta of the token.
    error DepositCap(uint256 token);
    /// The owner has asked for this exit already.
    error ExitPending(uint256 readyAt);
    /// The owner has not asked to leave with this token.
    error NoExit();
    /// The delay of an exit or floor has not passed.
    error NotReady(uint256 readyAt);
    /// The nonce is past 2^40-1, or not above the floor and the one requested before.
    error FloorNotRaised();
    /// The account has not asked for a floor.
    error NoFloorRequest();
    /// The right to sign net deltas spans all tokens: it goes with market 0 only.
    error CosignSpansMarkets();
    /// A time past 2^40-1, or a delegate that is zero or the account itself.
    error InvalidGrant();

    /// The batch is not the next one.
    error WrongIndex(uint256 expected);
    /// Within `settlerWindow` of its sealing only a validator may submit a batch.
    error SettlerWindow(uint256 openAt);
    /// The batch was sealed no longer than `horizon` ago, so it may not be voided.
    error WithinHorizon(uint256 voidableAt);
    /// Fewer validators than the threshold, one that does not exist, a wrong signature, or bytes
    /// that are not exactly a bitmap and its signatures.
    error BadAttestation();
    /// A count, length or flag that the layout of sealed bytes does not know.
    error Malformed();
    /// A market that does not exist, trades a token against itself, or names unknown tokens.
    error UnknownMarket(uint256 market);
    /// Accounts must ascend strictly: none twice, none split.
    error AccountsNotAscending(address account);
    /// An account's orders must ascend strictly by nonce.
    error OrdersNotAscending(address account, uint256 nonce);
    /// s above half the group order, or no signer at all.
    error BadSignature();
    /// The signer is neither the account nor a delegate with this right now.
    error NotAuthorised(address account, address signer);
    /// An order or withdrawal past its expiry and grace.
    error Expired(address account, uint256 nonce);
    /// An order below the account's floor.
    error BelowFloor(address account, uint256 nonce);
    /// An ioc or fok order at or below the account's sequence.
    error SequenceUsed(address account, uint256 nonce);
    /// The order's ring slot already remembers a greater nonce.
    error SlotTaken(address account, uint256 nonce);
    /// Price, quantity or resting price outside what the order or its kind allows.
    error InvalidOrder(address account, uint256 nonce);
    /// An order listed, but not filled.
    error NotFilled(address account, uint256 nonce);
    /// A sweep names an order that is not in the batch.
    error UnknownOrder(uint256 order);
    /// A fill of zero lots, or of more than the order has left.
    error Overfilled(address account, uint256 nonce);
    /// Other market, same side, prices that do not cross, same account, or a role (maker, taker)
    /// that the order cannot have.
    error CannotTrade(uint256 maker, uint256 taker);
    /// A price beyond the order's limit.
    error BeyondLimit(address account, uint256 nonce);
    /// A balance would fall below zero, or rise above 2^53-1 quanta.
    error InsufficientBalance(address account, uint256 token);
    /// The batch would make more of a token than it takes.
    error NotConserved(uint256 token);
    /// Withdrawal nonces of one account and token only grow.
    error WithdrawalUsed(address account, uint256 nonce);

    /// @notice Pulls `quanta` quanta of the sender's tokens and credits `account` with the whole
    /// quanta that arrived (of a token that takes a fee, fewer).
    /// @return credited Quanta.
    function deposit(uint256 token, uint256 quanta, address account)
        external
        returns (uint256 credited);

    /// @notice `deposit` after an EIP-2612 permit of exactly the amount. A permit that fails, for
    /// instance since somebody used it first, is passed over: the allowance decides.
    function depositWithPermit(
        uint256 token,
        uint256 quanta,
        address account,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 credited);

    /// @notice Settles the next batch. Makes no external call.
    /// @param index The batch's index, one above the last.
    /// @param sealedAt When it was sealed, as attested.
    /// @param content The sealed bytes; their layout is in docs/settlement.md.
    /// @param attestations A bitmap of validators (u32), then their signatures over
    /// `Batch(index, parent, content, sealedAt)` in ascending order, 64 bytes each (EIP-2098).
    function settle(
        uint256 index,
        uint256 sealedAt,
        bytes calldata content,
        bytes calldata attestations
    ) external;

    /// @notice Puts a void in the place of the next batch, which did not settle: after the horizon,
    /// by a quorum's word. Whether that batch was ever attested does not matter.
    /// @param sealedAt When the batch was sealed. That is the quorum's word, as in `settle`: one
    /// that colludes can name an earlier time, and so void without waiting.
    /// @param attestations As in `settle`, over `Void(index, parent, sealedAt)`.
    function voidBatch(uint256 index, uint256 sealedAt, bytes calldata attestations) external;

    /// @notice Pays out to `account` what its settled withdrawals made claimable. For anyone.
    function claim(address account, uint256 token) external returns (uint256 quanta);

    /// @notice Starts the sender's way out with his whole balance of `token`, which needs nobody.
    function requestExit(uint256 token) external;

    /// @notice Pays the sender's whole balance, `exitDelay` after his request.
    function claimExit(uint256 token) external returns (uint256 quanta);

    function cancelExit(uint256 token) external;

    /// @notice Asks that all the sender's orders with a nonce below `nonce` be dead after
    /// `exitDelay`. A greater nonce replaces an earlier request and starts the delay again.
    function requestFloor(uint256 nonce) external;

    /// @notice Raises the account's floor as requested, after the delay. For anyone.
    function applyFloor(address account) external;

    /// @notice Lets `delegate` sign orders of `market` (0: of all), and with `cosign` (market 0
    /// only) net deltas, from `from` until `until` and grace. Replaces the grant of the same
    /// delegate and market. What that takes away stays valid for `exitDelay`.
    function setDelegate(
        address delegate,
        bytes32 market,
        bool cosign,
        uint256 from,
        uint256 until
    ) external;

    /// @notice The account's balance in quanta.
    function balanceOf(address account, uint256 token) external view returns (uint256);

    function accountOf(address account) external view returns (Account memory);

    /// @notice What ring slot `slot` of the account remembers.
    function markOf(address account, uint256 slot)
        external
        view
        returns (uint256 nonce, uint256 filled);

    /// @notice Quanta that wait to be claimed, and the last withdrawal's nonce.
    function claimableOf(address account, uint256 token)
        external
        view
        returns (uint256 quanta, uint256 nonce);

    /// @notice When the exit may be claimed; 0 without one.
    function exitOf(address account, uint256 token) external view returns (uint256 readyAt);

    /// @notice The floor asked for and when it may be applied; zeros without one.
    function floorRequestOf(address account)
        external
        view
        returns (uint256 nonce, uint256 readyAt);

    function grantOf(address account, address delegate, bytes32 market)
        external
        view
        returns (Grant memory);

    /// @notice Index and link of the last batch settled or voided; zeros before the first.
    function lastBatch() external view returns (uint256 index, bytes24 link);

    /// @notice The sequence of the last event.
    function eventSequence() external view returns (uint256);

    function validators() external view returns (address[] memory);

    function tokenCount() external view returns (uint256);

    function tokenAt(uint256 token) external view returns (Token memory);

    function threshold() external view returns (uint256);

    function settlerWindow() external view returns (uint256);

    function horizon() external view returns (uint256);

    function grace() external view returns (uint256);

    function exitDelay() external view returns (uint256);

    function domainSeparator() external view returns (bytes32);
}
