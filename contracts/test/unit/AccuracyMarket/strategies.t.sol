// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IJudge} from "../../../src/interfaces/IJudge.sol";
import {Assurance, Outcome, ProofItem, State} from "../../../src/types/MarketTypes.sol";

/// Whole engagements of an honest party against each strategy of the other one (V10, V11): what the honest side has in
/// the end, in wei relative to what it had before.
contract StrategiesTest is MarketFixture {
    // ---- an honest provider: aborts when anything is missing or below target, else proves ----

    function test_honestProvider_isNotDeliveredTo() public {
        bytes32 id = probing();
        vm.warp(START + DECIDE_WINDOW / 2);
        abort(id);
        assertProvider(int256(ABORT_PAYMENT) - int256(uint256(FEE)));
    }

    function test_honestProvider_aConsumerCannotTakeItsDepositBySilence() public {
        bytes32 id = probing();
        vm.startPrank(mc);
        expectWrongState(id, State.Probing);
        market.cancel(id);
        vm.expectRevert();
        market.timeout(id);
        vm.stopPrank();
        abort(id);
        assertProvider(int256(ABORT_PAYMENT) - int256(uint256(FEE)));
    }

    function test_honestProvider_consumerCopiesOneItemOfEachBatch() public {
        bytes32 id = proving();
        for (uint32 p = 0; p < NEEDED; ++p) {
            ProofItem[] memory pending = batch(id, p, p + 1);
            vm.prank(mc);
            market.submitProofs(id, pending);
            if (market.engagement(id).state == State.Closed) break;
            vm.prank(mp);
            market.submitProofs(id, pending);
        }
        assertEq(uint256(market.verdict(id).assurance), uint256(Assurance.PROVEN), "PROVEN");
        assertProvider(int256(SUCCESS_PAYMENT) - int256(uint256(FEE)));
    }

    /// One example that no proof exists for costs one count, never the deposit.
    function test_honestProvider_oneUnprovableExample() public {
        bytes32 id = proving();
        market.submitProofs(id, batch(id, 1, NEEDED + 1));
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.Passed), "passed without position 0");
        assertProvider(int256(SUCCESS_PAYMENT) - int256(uint256(FEE)));
    }

    function test_honestProvider_isRelayedWhenCensored() public {
        bytes32 id = proving();
        ProofItem[] memory items = batch(id, 0, NEEDED);
        vm.warp(START + PROVE_WINDOW);
        vm.prank(outsider);
        market.submitProofs(id, items);
        assertProvider(int256(SUCCESS_PAYMENT) - int256(uint256(FEE)));
    }

    // ---- an honest consumer: delivers, and calls the timeout ----

    function test_honestConsumer_providerNeverAccepts() public {
        bytes32 id = offered();
        vm.warp(START + 1 hours + 1);
        market.timeout(id);
        assertConsumer(0);
    }

    function test_honestConsumer_providerFallsSilentBeforeItDecides() public {
        bytes32 id = probing();
        vm.warp(START + DECIDE_WINDOW + 1);
        market.timeout(id);
        assertConsumer(int256(DEPOSIT) - int256(uint256(FEE)));
    }

    function test_honestConsumer_providerProceedsAndFallsSilent() public {
        bytes32 id = proving();
        vm.warp(START + PROVE_WINDOW + 1);
        market.timeout(id);
        assertConsumer(int256(DEPOSIT) - int256(uint256(FEE)));
    }

    function test_honestConsumer_providerProvesTooLittle() public {
        bytes32 id = proving();
        market.submitProofs(id, batch(id, 0, NEEDED - 1));
        vm.warp(START + PROVE_WINDOW + 1);
        market.timeout(id);
        assertConsumer(int256(DEPOSIT) - int256(uint256(FEE)));
    }

    function test_honestConsumer_providerProvesAnotherModel() public {
        bytes32 id = proving();
        ProofItem memory it = item(id, 0);
        it.proof = abi.encode(verifier.proofOf(VK_DIGEST, [context(id, 0), 1, it.inputCommit, it.output]));
        vm.expectRevert(abi.encodeWithSelector(IJudge.ProofRejected.selector, 0));
        vm.prank(mp);
        market.submitProofs(id, only(it));
        vm.warp(START + PROVE_WINDOW + 1);
        market.timeout(id);
        assertConsumer(int256(DEPOSIT) - int256(uint256(FEE)));
    }

    function test_honestConsumer_providerTakesTheTestSetAndAborts() public {
        abort(probing());
        assertConsumer(-int256(ABORT_PAYMENT) - int256(uint256(FEE)));
    }

    function test_honestConsumer_paysForAVerdict() public {
        passed();
        assertConsumer(-int256(SUCCESS_PAYMENT) - int256(uint256(FEE)));
    }

    // ---- collusion and profit from nothing ----

    /// A provider that is its own consumer burns both fees and gains nothing but a verdict that names it twice.
    function test_selfDealing_costsBothFees() public {
        uint256 before = mp.balance;
        vm.prank(mp);
        bytes32 id = market.open{value: ENTRY}(terms());
        acceptBy(mp, id);
        proceedWith(id);
        market.submitProofs(id, batch(id, 0, NEEDED));
        vm.prank(mp);
        market.withdraw(payable(mp));
        assertEq(before - mp.balance, 2 * uint256(FEE), "both fees");
        assertEq(market.verdict(id).mc, market.verdict(id).mp, "visible to readers");
    }

    /// Striking itself gives a provider nothing back: strikes go to the treasury.
    function test_selfDealing_strikesAreNotRecycled() public {
        vm.prank(mp);
        bytes32 id = market.open{value: ENTRY}(terms());
        acceptBy(mp, id);
        vm.warp(START + DECIDE_WINDOW + 1);
        market.timeout(id);
        assertEq(market.credit(mp), 2 * DEPOSIT, "its own deposits");
        assertEq(registry.credit(treasury), STRIKE, "the strike is gone");
        assertEq(registry.credit(mp), 0, "nothing back");
    }

    function abort(bytes32 id) private {
        bytes32 guard = guardOf(id);
        vm.prank(mp);
        market.abort(id, guard);
    }

    function assertProvider(int256 gain) private view {
        assertEq(mp.balance + market.credit(mp), uint256(int256(1 ether - STAKE) + gain), "provider");
        assertEq(registry.model(modelId).stake, STAKE, "stake");
        assertEq(registry.reputation(modelId).mpFault, 0, "no fault");
    }

    function assertConsumer(int256 gain) private view {
        assertEq(mc.balance + market.credit(mc), uint256(int256(1 ether) + gain), "consumer");
    }
}
