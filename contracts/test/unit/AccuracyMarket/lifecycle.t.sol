// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferFixture} from "../../base/TransferFixture.sol";
import {Assurance, EngagementView, Outcome, State, Verdict} from "../../../src/types/MarketTypes.sol";
import {Reputation} from "../../../src/types/ModelTypes.sol";

/// Engagements of two honest parties from end to end.
contract LifecycleTest is TransferFixture {
    function test_lifecycle_fullDirect() public {
        bytes32 id = reach(State.Proving, FULL, DIRECT);
        assertEq(market.engagement(id).seed, seedOf(id), "seed");
        market.submitProofs(id, items(id, 0, FULL_NEEDED));
        expectPassed(id, FULL_SUCCESS_PAYMENT, Assurance.PROVEN);
        Verdict memory v = market.verdict(id);
        assertEq(v.n2, N2, "size of the proven set");
        assertEq(v.claimedCorrect, FULL_NEEDED, "claimed");
        assertEq(v.resultHash, 0, "no result");
    }

    function test_lifecycle_fullOptimistic() public {
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        market.finalize(id);
        expectPassed(id, FULL_SUCCESS_PAYMENT, Assurance.OPTIMISTIC);
        Verdict memory v = market.verdict(id);
        assertEq(v.claimedCorrect, N2, "claimed");
        assertEq(v.provenOnChain, 0, "proven");
        assertEq(v.resultHash, keccak256(hex"0f"), "resultHash");
    }

    function test_lifecycle_simpleDirect() public {
        bytes32 id = reach(State.Closed, SIMPLE, DIRECT);
        expectPassed(id, SUCCESS_PAYMENT, Assurance.PROVEN);
        assertEq(market.verdict(id).n2, N, "all of them");
        assertEq(market.engagement(id).seed, 0, "no seed");
    }

    function test_lifecycle_simpleOptimistic() public {
        bytes32 id = reach(State.Closed, SIMPLE, OPTIMISTIC);
        expectPassed(id, SUCCESS_PAYMENT, Assurance.OPTIMISTIC);
    }

    function test_lifecycle_clearDirect() public {
        bytes32 id = reach(State.Closed, CLEAR, DIRECT);
        expectPassed(id, SUCCESS_PAYMENT, Assurance.PROVEN);
    }

    /// A provider that denies the receipt gets the data as calldata and goes on.
    function test_lifecycle_published() public {
        bytes32 id = reach(State.Published, FULL, DIRECT);
        acknowledge(id);
        reveal(id);
        decide(id);
        revealRest(id);
        market.submitProofs(id, items(id, 0, N2));
        expectPassed(id, FULL_SUCCESS_PAYMENT, Assurance.PROVEN);
    }

    /// Enough answered challenges make an optimistic verdict unconditional.
    function test_lifecycle_challengedThroughout() public {
        bytes32 id = reach(State.Claimed, FULL, OPTIMISTIC);
        for (uint32 p = 0; p < FULL_NEEDED; ++p) {
            challengeBy(mc, id, p);
            market.answer(id, itemOf(id, p));
        }
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        market.finalize(id);
        assertEq(market.credit(mp), DEPOSIT + FULL_SUCCESS_PAYMENT + 3 * BOND, "paid for the answers");
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.PROVEN), "PROVEN");
        assertEq(market.verdict(id).challengesAnswered, 3, "answered");
        assertEq(registry.reputation(modelId).passedProven, 1, "counter");
    }

    function test_lifecycle_demandedInFull() public {
        bytes32 id = reach(State.FullDemanded, FULL, OPTIMISTIC);
        market.submitDemanded(id, hex"0f", items(id, 0, N2));
        assertEq(market.credit(mp), DEPOSIT + FULL_SUCCESS_PAYMENT + 3 * BOND / 2, "paid for k* proofs");
        assertEq(market.credit(mc), DEPOSIT - FULL_SUCCESS_PAYMENT, "the fund is used up");
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.PROVEN), "PROVEN");
        assertEq(market.verdict(id).provenOnChain, N2, "the closing batch counts as a whole");
        assertSolvent();
    }

    function expectPassed(bytes32 id, uint256 payment, Assurance assurance) private view {
        EngagementView memory e = market.engagement(id);
        assertEq(uint256(e.state), uint256(State.Closed), "state");
        assertEq(uint256(e.outcome), uint256(Outcome.Passed), "outcome");
        assertEq(market.credit(mc), DEPOSIT - payment, "D - R");
        assertEq(market.credit(mp), DEPOSIT + payment, "D + R");
        assertEq(uint256(market.verdict(id).assurance), uint256(assurance), "assurance");
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.passedProven, assurance == Assurance.PROVEN ? 1 : 0, "passedProven");
        assertEq(r.passedOptimistic, assurance == Assurance.PROVEN ? 0 : 1, "passedOptimistic");
        assertEq(registry.model(modelId).open, 0, "open");
        assertEq(registry.model(modelId).stake, STAKE, "stake");
        assertSolvent();
    }
}
