// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferFixture} from "../../base/TransferFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {Adjudication, Assurance, Mode, Outcome, State} from "../../../src/types/MarketTypes.sol";
import {Reputation} from "../../../src/types/ModelTypes.sol";

contract AgreeCloseTest is TransferFixture {
    function test_agreeClose_settlesInEveryLockedState() public {
        for (uint256 mode = 0; mode < 3; ++mode) {
            for (uint256 s = uint256(State.Locked); s < uint256(State.Closed); ++s) {
                Adjudication a = Mode(mode) == CLEAR ? DIRECT : OPTIMISTIC;
                if (!isReachable(State(s), Mode(mode), a)) continue;
                uint256 before = vm.snapshotState();
                bytes32 id = reach(State(s), Mode(mode), a);
                uint256 fund = State(s) == State.FullDemanded ? neededOf(Mode(mode)) * BOND / 2 : 0;
                vm.expectEmit(true, true, true, true, address(market));
                emit IAccuracyMarket.CloseVoted(id, modelId, mc, guard(id), 1, 2 * DEPOSIT - 1);
                vote(mc, id, 1);
                assertState(id, State(s));
                vm.expectEmit(true, true, true, true, address(market));
                emit IAccuracyMarket.Closed(id, modelId, mp, Outcome.Settled, 1, 2 * DEPOSIT - 1);
                vote(mp, id, 1);
                assertState(id, State.Closed);
                assertEq(market.credit(mc), 1 + fund, "consumer");
                assertEq(market.credit(mp), 2 * DEPOSIT - 1, "provider");
                Reputation memory r = registry.reputation(modelId);
                assertEq(r.settled, 1, "settled");
                assertEq(r.strikes + r.mpFault + r.mcFault, 0, "nothing else");
                assertEq(registry.model(modelId).open, 0, "released");
                assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.NONE), "no information");
                assertSolvent();
                vm.revertToState(before);
            }
        }
    }

    function testFuzz_agreeClose_paysAsAgreed(uint256 mcAmount) public {
        mcAmount = bound(mcAmount, 0, 2 * DEPOSIT);
        bytes32 id = reach(State.Probing, CLEAR, DIRECT);
        vote(mp, id, mcAmount);
        vote(mc, id, mcAmount);
        assertEq(market.credit(mc), mcAmount, "consumer");
        assertEq(market.credit(mp), 2 * DEPOSIT - mcAmount, "provider");
    }

    function test_agreeClose_differentVotesDoNotClose() public {
        bytes32 id = reach(State.Locked, FULL, DIRECT);
        vote(mc, id, DEPOSIT);
        vote(mp, id, DEPOSIT + 1);
        assertState(id, State.Locked);
        // replaced by the one that agrees
        vote(mc, id, DEPOSIT + 1);
        assertState(id, State.Closed);
        assertEq(market.credit(mc), DEPOSIT + 1, "the later vote");
    }

    /// 2D for oneself withdraws an offer.
    function test_agreeClose_aReplacedVoteIsGone() public {
        bytes32 id = reach(State.Locked, FULL, DIRECT);
        vote(mc, id, DEPOSIT);
        vote(mc, id, 2 * DEPOSIT);
        vote(mp, id, DEPOSIT);
        assertState(id, State.Locked);
    }

    function test_agreeClose_aVoteLapsesWithItsState() public {
        bytes32 id = reach(State.Locked, FULL, DIRECT);
        vote(mc, id, DEPOSIT);
        commit(id);
        vote(mp, id, DEPOSIT);
        assertState(id, State.Committed);
        // Committed and Published have the same guard, not the same votes
        publish(id);
        vote(mc, id, DEPOSIT);
        assertState(id, State.Published);
        vote(mp, id, DEPOSIT);
        assertState(id, State.Closed);
    }

    /// In SIMPLE, Probing and Proving have the same guard.
    function test_agreeClose_aVoteBeforeProceedLapses() public {
        bytes32 id = reach(State.Probing, SIMPLE, DIRECT);
        vote(mc, id, DEPOSIT);
        decide(id);
        vote(mp, id, DEPOSIT);
        assertState(id, State.Proving);
    }

    function test_agreeClose_isPossibleUntilTheTimeoutIsCalled() public {
        bytes32 id = reach(State.Acked, FULL, DIRECT);
        vote(mp, id, DEPOSIT);
        vm.warp(uint256(market.timeoutAt(id)) + 1 days);
        vote(mc, id, DEPOSIT);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Settled), "settled");
    }

    function test_agreeClose_revertsWhen_theSumIsNot2D() public {
        bytes32 id = reach(State.Locked, FULL, DIRECT);
        bytes32 g = guard(id);
        uint256[4] memory mcAmounts = [DEPOSIT, DEPOSIT, 2 * DEPOSIT + 1, type(uint256).max];
        uint256[4] memory mpAmounts = [DEPOSIT - 1, DEPOSIT + 1, 0, 2 * DEPOSIT + 1];
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IAccuracyMarket.BadSplit.selector, 2 * DEPOSIT, mcAmounts[i], mpAmounts[i])
            );
            vm.prank(mc);
            market.agreeClose(id, g, mcAmounts[i], mpAmounts[i]);
        }
    }

    /// One account on both sides needs one vote: the money is its own.
    function test_agreeClose_ofAConsumerWithItself() public {
        vm.prank(mp);
        bytes32 id = market.open{value: ENTRY}(termsOf(FULL, DIRECT));
        acceptBy(mp, id);
        vote(mp, id, 7);
        assertState(id, State.Closed);
        assertEq(market.credit(mp), 2 * DEPOSIT, "2D");
    }

    function vote(address who, bytes32 id, uint256 mcAmount) private {
        bytes32 g = guard(id);
        vm.prank(who);
        market.agreeClose(id, g, mcAmount, 2 * DEPOSIT - mcAmount);
    }
}
