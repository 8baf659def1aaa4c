// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferFixture} from "../../base/TransferFixture.sol";
import {AcceptingJudge} from "../../mocks/AcceptingJudge.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Assurance, MarketParams, Mode, OfferTerms, Outcome, ProofItem} from "../../../src/types/MarketTypes.sol";
import {RegistryParams} from "../../../src/types/ModelTypes.sol";

/// A claimed result of 1200 positions in a crowd of challengers, and a provider with one prover that takes t_answer for each
/// proof, one after the other, and begins as late as it may: t_answer before the first challenge is due.
contract CrowdTest is TransferFixture {
    uint32 private constant SIZE = 1200;
    uint256 private constant HALF = 2501;
    /// The last second of W_challenge.
    uint64 private constant END = START + CHALLENGE_WINDOW;

    bytes32 private id;
    bytes private all;

    function setUp() public override {
        super.setUp();
        RegistryParams memory r = registryParams();
        MarketParams memory m = marketParams();
        r.unbondWindow = 40 hours;
        m.n2 = SIZE - N1;
        m.judges.proofs = address(new AcceptingJudge());
        (registry, market) = deploy(r, m);
        modelId = register(record(), 0);
        for (uint256 i = 0; i < SIZE / 8; ++i) {
            all = bytes.concat(all, hex"ff");
        }
        id = claimed(10_000);
        vm.warp(END);
    }

    /// Every deadline of 600 challenges and of a demand of the other 600 proofs, all made in the last second, is kept.
    function test_demand_besideSixHundredChallengesOfTheLastSecondCanBeAnswered() public {
        for (uint32 p = 0; p < 600; ++p) {
            challengeAll(p, p % 2 == 0 ? outsider : mp);
        }
        uint256 fund = SIZE * HALF;
        bytes32 g = guard(id);
        vm.prank(mc);
        market.demandFull{value: fund}(id, g);
        uint64 deadline = market.timeoutAt(id);
        assertEq(deadline, END + RESPOND_WINDOW + (SIZE + 600) * ANSWER_TIME, "k* and the open challenges");

        for (uint32 p = 0; p < SIZE; ++p) {
            // The p-th proof is ready.
            vm.warp(END + RESPOND_WINDOW + p * ANSWER_TIME);
            if (p < 600) {
                assertEq(market.challengeAt(id, p).deadline, block.timestamp, "in the last second");
                market.answer(id, itemAt(p));
            } else {
                market.submitDemanded(id, all, only(itemAt(p)));
            }
        }
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.PROVEN), "PROVEN");
        assertEq(market.verdict(id).claimedCorrect, SIZE, "all of them");
        assertLe(block.timestamp + 600 * ANSWER_TIME, deadline, "with time to spare");
        uint256 success = accuracyTerms().amounts(Mode.SIMPLE).successPayment;
        assertEq(market.credit(mp), deposit() + success + 600 * DEAR_BOND + 600 * HALF, "provider");
        assertEq(market.credit(mc), deposit() - success + 600 * HALF, "consumer");
        assertSolvent();
    }

    /// A second slower than t_answer is too slow: the deadlines have no slack of their own.
    function test_challenges_boundTheTimeOfAProof() public {
        challengeAll(0, outsider);
        challengeAll(1, outsider);
        vm.warp(END + RESPOND_WINDOW);
        market.answer(id, itemAt(0));
        uint64 late = END + RESPOND_WINDOW + ANSWER_TIME + 1;
        vm.warp(late);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, late - 1, late));
        market.answer(id, itemAt(1));
    }

    /// Strangers that challenge every position in the last second pay for every proof, and delay the end by W_respond and
    /// t_answer for each, no more.
    function test_challenges_ofEveryPositionDelayAndArePaidFor() public {
        for (uint32 p = 0; p < SIZE; ++p) {
            challengeAll(p, p % 2 == 0 ? outsider : treasury);
        }
        for (uint32 p = 0; p < SIZE; ++p) {
            vm.warp(END + RESPOND_WINDOW + p * ANSWER_TIME);
            market.answer(id, itemAt(p));
        }
        market.finalize(id);
        assertLe(block.timestamp, END + RESPOND_WINDOW + SIZE * ANSWER_TIME, "the bound of the interface");
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "passed");
        uint256 success = accuracyTerms().amounts(Mode.SIMPLE).successPayment;
        assertEq(market.credit(mp), deposit() + success + SIZE * DEAR_BOND, "B + Z for each");
        assertSolvent();
    }

    /// The gas of a call does not depend on how many challenges there are.
    function test_gas_doesNotDependOnTheCrowd() public {
        uint256 before = vm.snapshotState();
        uint256 challenge1 = gasOfChallenge(0);
        uint256 answer1 = gasOfAnswer(0);
        vm.revertToState(before);
        challengeAll(0, outsider);
        uint256 fault1 = gasOfFault(0);
        vm.revertToState(before);
        for (uint32 p = 0; p + 1 < SIZE; ++p) {
            challengeAll(p, p % 2 == 0 ? outsider : mp);
        }
        uint256 challengeN = gasOfChallenge(SIZE - 1);
        uint256 state = vm.snapshotState();
        uint256 answerN = gasOfAnswer(SIZE - 1);
        vm.revertToState(state);
        uint256 faultN = gasOfFault(SIZE - 1);
        // Less for what is not the first of its kind; never more but for a few warm words.
        assertLe(challengeN, challenge1 + 200, "challenge");
        assertLe(answerN, answer1 + 200, "answer");
        assertLe(faultN, fault1 + 200, "timeoutChallenge");
        assertLe(challenge1, 70_000, "challenge: the hash of 150 bytes included");
    }

    // ---- helpers ----

    function claimed(uint16 targetBps) private returns (bytes32 engagement) {
        OfferTerms memory t = termsOf(SIMPLE, OPTIMISTIC);
        t.targetBps = targetBps;
        vm.deal(outsider, 100 ether);
        vm.deal(treasury, 100 ether);
        uint256 entry = deposit() + FEE;
        vm.prank(mc);
        engagement = market.open{value: entry}(t);
        bytes32 g = guard(engagement);
        vm.prank(mp);
        market.accept{value: entry}(engagement, g);
        commit(engagement);
        acknowledge(engagement);
        reveal(engagement);
        decide(engagement);
        post(engagement, all);
    }

    function deposit() private view returns (uint256) {
        return accuracyTerms().amounts(Mode.SIMPLE).deposit;
    }

    function challengeAll(uint32 position, address who) private {
        vm.prank(who);
        market.challenge{value: DEAR_BOND}(id, all, position);
    }

    function itemAt(uint32 position) private pure returns (ProofItem memory it) {
        it.position = position;
    }

    function gasOfChallenge(uint32 position) private returns (uint256) {
        return gasOf(DEAR_BOND, abi.encodeCall(market.challenge, (id, all, position)));
    }

    function gasOfAnswer(uint32 position) private returns (uint256) {
        return gasOf(0, abi.encodeCall(market.answer, (id, itemAt(position))));
    }

    function gasOfFault(uint32 position) private returns (uint256) {
        vm.warp(uint256(market.challengeAt(id, position).deadline) + 1);
        return gasOf(0, abi.encodeCall(market.timeoutChallenge, (id, position)));
    }

    function gasOf(uint256 value, bytes memory data) private returns (uint256 gas) {
        vm.cool(address(market));
        vm.cool(address(registry));
        vm.prank(outsider);
        gas = gasleft();
        (bool ok,) = address(market).call{value: value}(data);
        gas -= gasleft();
        assertTrue(ok, "the call");
    }
}
