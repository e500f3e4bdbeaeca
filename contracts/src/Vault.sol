// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Batches} from "./Batches.sol";
import {VenueTerms} from "./Terms.sol";

/// @dev The ways in and out, and what an owner may ask for by a transaction of his own. Whatever
/// he asks takes effect after `exitDelay`, which is longer than the horizon within which matched
/// trades settle: no owner can undo what was matched.
contract Vault is Batches, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct FloorRequest {
        uint40 nonce;
        uint40 readyAt;
    }

    mapping(address account => mapping(uint256 token => uint256 readyAt)) private exits;
    mapping(address account => FloorRequest) private floorRequests;

    constructor(Terms memory terms) VenueTerms(terms) {}

    // ---- in

    function deposit(uint256 token, uint256 quanta, address account)
        external
        nonReentrant
        returns (uint256 credited)
    {
        (address erc20, uint256 quantum) = _token(token);
        return _deposit(token, erc20, quantum, quanta, account);
    }

    function depositWithPermit(
        uint256 token,
        uint256 quanta,
        address account,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint256 credited) {
        (address erc20, uint256 quantum) = _token(token);
        uint256 amount = quanta * quantum;
        // Anyone may have used the permit first; then the allowance is there already.
        try IERC20Permit(erc20).permit(msg.sender, address(this), amount, deadline, v, r, s) {}
            catch {}
        return _deposit(token, erc20, quantum, quanta, account);
    }

    function _deposit(
        uint256 token,
        address erc20,
        uint256 quantum,
        uint256 quanta,
        address account
    ) private returns (uint256 credited) {
        if (account == address(0)) revert ZeroAccount();
        uint256 before = IERC20(erc20).balanceOf(address(this));
        IERC20(erc20).safeTransferFrom(msg.sender, address(this), quanta * quantum);
        uint256 held = IERC20(erc20).balanceOf(address(this));
        // What the vault owes is never more than what it holds, so this caps every sum of balances.
        if (held / quantum > BALANCE_MAX) revert DepositCap(token);
        credited = (held - before) / quantum;
        if (credited == 0) revert NothingToMove();
        _change(account, token, int256(credited));
        emit Deposited(_nextEvent(), account, uint8(token), uint64(credited));
    }

    // ---- out

    function claimableOf(address account, uint256 token)
        external
        view
        returns (uint256 quanta, uint256 nonce)
    {
        uint256 word = claimables[account][token];
        return (uint64(word), word >> 64);
    }

    function claim(address account, uint256 token)
        external
        nonReentrant
        returns (uint256 quanta)
    {
        uint256 word = claimables[account][token];
        quanta = uint64(word);
        if (quanta == 0) revert NothingToMove();
        claimables[account][token] = word >> 64 << 64;
        emit Claimed(_nextEvent(), account, uint8(token), uint64(quanta));
        _pay(account, token, quanta);
    }

    function exitOf(address account, uint256 token) external view returns (uint256 readyAt) {
        return exits[account][token];
    }

    function requestExit(uint256 token) external {
        if (token >= tokenCount) revert UnknownToken(token);
        uint256 pending = exits[msg.sender][token];
        if (pending != 0) revert ExitPending(pending);
        uint256 readyAt = block.timestamp + exitDelay;
        exits[msg.sender][token] = readyAt;
        emit ExitRequested(_nextEvent(), msg.sender, uint8(token), uint40(readyAt));
    }

    function cancelExit(uint256 token) external {
        if (exits[msg.sender][token] == 0) revert NoExit();
        delete exits[msg.sender][token];
        emit ExitCancelled(_nextEvent(), msg.sender, uint8(token));
    }

    function claimExit(uint256 token) external nonReentrant returns (uint256 quanta) {
        uint256 readyAt = exits[msg.sender][token];
        if (readyAt == 0) revert NoExit();
        if (block.timestamp < readyAt) revert NotReady(readyAt);
        delete exits[msg.sender][token];
        quanta = balanceOf(msg.sender, token);
        emit ExitClaimed(_nextEvent(), msg.sender, uint8(token), uint64(quanta));
        if (quanta == 0) return 0;
        _change(msg.sender, token, -int256(quanta));
        _pay(msg.sender, token, quanta);
    }

    function _pay(address account, uint256 token, uint256 quanta) private {
        (address erc20, uint256 quantum) = _token(token);
        IERC20(erc20).safeTransfer(account, quanta * quantum);
    }

    // ---- floors

    function floorRequestOf(address account)
        external
        view
        returns (uint256 nonce, uint256 readyAt)
    {
        FloorRequest storage request = floorRequests[account];
        return (request.nonce, request.readyAt);
    }

    function requestFloor(uint256 nonce) external {
        FloorRequest storage request = floorRequests[msg.sender];
        if (
            nonce > NONCE_MAX || nonce <= request.nonce
                || nonce <= accounts[msg.sender] >> FLOOR_AT & NONCE_MAX
        ) revert FloorNotRaised();
        uint40 readyAt = uint40(block.timestamp + exitDelay);
        request.nonce = uint40(nonce);
        request.readyAt = readyAt;
        emit FloorRequested(_nextEvent(), msg.sender, uint40(nonce), readyAt);
    }

    function applyFloor(address account) external {
        FloorRequest memory request = floorRequests[account];
        if (request.readyAt == 0) revert NoFloorRequest();
        if (block.timestamp < request.readyAt) revert NotReady(request.readyAt);
        delete floorRequests[account];
        accounts[account] = _raisedFloor(accounts[account], request.nonce);
        emit FloorApplied(_nextEvent(), account, request.nonce);
    }

    // ---- delegates

    function grantOf(address account, address delegate, bytes32 market)
        external
        view
        returns (Grant memory)
    {
        uint256 word = grants[account][delegate][market];
        uint256 tail = word >> 128;
        return Grant({
            from: word >> 40 & TIME_MAX,
            until: word & TIME_MAX,
            cosign: word & COSIGN != 0,
            tailFrom: tail >> 40 & TIME_MAX,
            tailUntil: tail & TIME_MAX,
            tailCosign: tail & COSIGN != 0
        });
    }

    function setDelegate(
        address delegate,
        bytes32 market,
        bool cosign,
        uint256 from,
        uint256 until
    ) external {
        if (delegate == address(0) || delegate == msg.sender) revert InvalidGrant();
        if (from > TIME_MAX || until > TIME_MAX) revert InvalidGrant();
        if (cosign && market != 0) revert CosignSpansMarkets();
        uint256 tail = _tail(grants[msg.sender][delegate][market]);
        grants[msg.sender][delegate][market] =
            tail << 128 | (cosign ? COSIGN : 0) | from << 40 | until;
        emit DelegateSet(
            _nextEvent(), msg.sender, delegate, market, cosign, uint40(from), uint40(until)
        );
    }

    /// @dev What a grant that is being replaced still allows: itself, and what it had replaced,
    /// for `exitDelay` at most. Joined, so that a revocation never waits for an earlier one.
    function _tail(uint256 grant) private view returns (uint256 tail) {
        uint256 end = block.timestamp + exitDelay;
        tail = grant >> 128;
        if (tail & TIME_MAX <= block.timestamp) tail = 0;
        uint256 until = grant & TIME_MAX;
        if (until == 0 || until + grace < block.timestamp) return tail;
        uint256 from = grant >> 40 & TIME_MAX;
        if (from >= end) return tail;
        until = until + grace + 1 < end ? until + grace + 1 : end;
        if (tail != 0) {
            if (tail & TIME_MAX > until) until = tail & TIME_MAX;
            if (tail >> 40 & TIME_MAX < from) from = tail >> 40 & TIME_MAX;
        }
        return (tail | grant) & COSIGN | from << 40 | until;
    }
}
