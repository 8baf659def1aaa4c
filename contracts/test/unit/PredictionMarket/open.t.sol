// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICredits} from "../../../src/interfaces/ICredits.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IPredictionMarket} from "../../../src/interfaces/IPredictionMarket.sol";
import {TAG_ROUND, TAG_ROUND_OFFER} from "../../../src/libraries/Tags.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Metric, ModelStatus} from "../../../src/types/ModelTypes.sol";
import {Privacy, RoundOutcome, RoundState, RoundTerms, RoundView} from "../../../src/types/RoundTypes.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";

contract RoundOpenTest is RoundFixture {
    function test_open_recordsTheOffer() public {
        RoundTerms memory t = roundTerms(PRIVATE);
        bytes32 expectedId = keccak256(abi.encode(TAG_ROUND, block.chainid, address(rounds), modelId, uint256(0)));
        bytes32 offerHash =
            keccak256(abi.encode(TAG_ROUND_OFFER, expectedId, mc, t, bondFor(PRIVATE), rounds.PARAMS_HASH()));
        uint256 value = entryFor(PRIVATE);
        vm.expectEmit(true, true, true, true, address(rounds));
        emit IPredictionMarket.RoundOffered(expectedId, modelId, mc, offerHash, uint128(bondFor(PRIVATE)), t);
        vm.prank(mc);
        bytes32 id = rounds.open{value: value}(t);
        assertEq(id, expectedId, "id");
        RoundView memory r = rounds.round(id);
        assertEq(r.modelId, modelId, "model");
        assertEq(r.inputRoot, t.inputRoot, "inputs");
        assertEq(r.offerHash, offerHash, "offer");
        assertEq(r.guard, offerHash, "guard");
        assertEq(r.outputsRoot, 0, "no outputs");
        assertEq(r.mc, mc, "mc");
        assertEq(r.mp, mp, "mp");
        assertEq(uint256(r.privacy), uint256(PRIVATE), "privacy");
        assertEq(uint256(r.metric), uint256(Metric.TOP1), "metric");
        assertEq(r.predictions, K, "K");
        assertEq(r.contestCap, C, "C");
        assertEq(r.mcDeposit, MC_DEPOSIT, "2CZ");
        assertEq(r.mpDeposit, M, "M");
        assertEq(r.price, PI, "pi");
        assertEq(r.quietBond.paid, bondFor(PRIVATE), "Q");
        assertEq(r.contested + r.proven + r.contestFees + r.answerBy + r.closedAt, 0, "nothing yet");
        assertTrue(!r.published, "not published");
        assertEq(r.deadline, t.expiry, "deadline");
        assertRound(id, RoundState.Offered, RoundOutcome.None);
        assertEq(rounds.totalOwed(), value, "owed");
        assertCredits(0, 0, 0);
    }

    function test_open_inPublicHasNoBond() public {
        bytes32 id = opened(PUBLIC);
        assertEq(rounds.round(id).quietBond.paid, 0, "Q");
        assertEq(rounds.totalOwed(), MC_DEPOSIT + PI + ROUND_FEE, "owed");
    }

    /// Nobody knows the base fee of the next block.
    function test_open_creditsWhatIsNotDue() public {
        RoundTerms memory t = roundTerms(PRIVATE);
        uint256 value = entryFor(PRIVATE) + 12_345;
        vm.prank(mc);
        bytes32 id = rounds.open{value: value}(t);
        assertCredits(12_345, 0, 0);
        vm.prank(mc);
        rounds.cancel(id);
        assertCredits(value, 0, 0);
    }

    /// The bond is that of the block of the offer, whatever the base fee is later.
    function test_open_bondIsAtTheBaseFeeOfItsBlock() public {
        vm.fee(1 gwei);
        vm.deal(mc, 10 ether);
        uint256 bond = rounds.quietBond(PRIVATE, K, 1 gwei);
        RoundTerms memory t = roundTerms(PRIVATE);
        vm.prank(mc);
        bytes32 id = rounds.open{value: MC_DEPOSIT + PI + ROUND_FEE + bond}(t);
        vm.fee(9 gwei);
        assertEq(rounds.round(id).quietBond.paid, bond, "Q");
    }

    function test_open_takesTheLimits() public {
        RoundTerms memory t = roundTerms(PUBLIC);
        t.predictions = 4096;
        t.contestCap = 4096;
        t.mpDeposit = 2 * 4096 * RZ;
        t.price = 0;
        t.expiry = uint64(block.timestamp);
        openWith(t);
        t.expiry = uint64(block.timestamp) + ROUND_ACCEPT;
        openWith(t);
        t.privacy = PRIVATE;
        t.predictions = 1024;
        t.contestCap = 1;
        openWith(t);
        t.predictions = 1;
        openWith(t);
    }

    function test_open_revertsWhen_theValueIsTooLow() public {
        for (uint256 i = 0; i < 2; ++i) {
            RoundTerms memory t = roundTerms(Privacy(i));
            uint256 due = entryFor(Privacy(i));
            vm.expectRevert(abi.encodeWithSelector(ICredits.ValueTooLow.selector, due, due - 1));
            vm.prank(mc);
            rounds.open{value: due - 1}(t);
        }
    }

    function test_open_revertsWhen_aSizeIsOutOfRange() public {
        RoundTerms memory t = roundTerms(PUBLIC);
        t.inputRoot = 0;
        expectRefusal(t, abi.encodeWithSelector(IPredictionMarket.ZeroInputRoot.selector));
        t = roundTerms(PUBLIC);
        t.predictions = 0;
        expectRefusal(t, abi.encodeWithSelector(IPredictionMarket.BadPredictions.selector, 4096, 0));
        t.predictions = 4097;
        expectRefusal(t, abi.encodeWithSelector(IPredictionMarket.BadPredictions.selector, 4096, 4097));
        t.privacy = PRIVATE;
        t.predictions = 1025;
        expectRefusal(t, abi.encodeWithSelector(IPredictionMarket.BadPredictions.selector, 1024, 1025));
        t = roundTerms(PUBLIC);
        t.contestCap = 0;
        expectRefusal(t, abi.encodeWithSelector(IPredictionMarket.BadContestCap.selector, K, 0));
        t.contestCap = K + 1;
        expectRefusal(t, abi.encodeWithSelector(IPredictionMarket.BadContestCap.selector, K, K + 1));
        t = roundTerms(PUBLIC);
        t.mpDeposit = uint128(MC_DEPOSIT) - 1;
        expectRefusal(t, abi.encodeWithSelector(IPredictionMarket.DepositTooLow.selector, MC_DEPOSIT, MC_DEPOSIT - 1));
    }

    function test_open_revertsWhen_theOfferIsNotWhatTheModelIs() public {
        RoundTerms memory t = roundTerms(PUBLIC);
        t.modelHash = keccak256("other");
        expectRefusal(t, abi.encodeWithSelector(IMarket.ModelHashMismatch.selector, modelHash, t.modelHash));
        t = roundTerms(PUBLIC);
        t.expiry = START - 1;
        expectRefusal(t, abi.encodeWithSelector(IMarket.BadExpiry.selector, START, START + ROUND_ACCEPT, START - 1));
        t.expiry = START + ROUND_ACCEPT + 1;
        expectRefusal(
            t, abi.encodeWithSelector(IMarket.BadExpiry.selector, START, START + ROUND_ACCEPT, START + ROUND_ACCEPT + 1)
        );
        vm.prank(mp);
        registry.requestExit(modelId);
        t = roundTerms(PUBLIC);
        expectRefusal(t, abi.encodeWithSelector(IMarket.ModelNotActive.selector, modelId, ModelStatus.Unbonding));
    }

    // ---- cancel ----

    function test_cancel_returnsEverything() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 before = vm.snapshotState();
            bytes32 id = opened(Privacy(i));
            vm.expectEmit(true, true, true, true, address(rounds));
            emit IPredictionMarket.RoundCancelled(id, modelId, mc);
            vm.prank(mc);
            rounds.cancel(id);
            assertRound(id, RoundState.Closed, RoundOutcome.Cancelled);
            assertEq(rounds.round(id).closedAt, START, "closedAt");
            assertEq(rounds.round(id).deadline, 0, "deadline");
            assertCredits(entryFor(Privacy(i)), 0, 0);
            assertReleased(0);
            vm.revertToState(before);
        }
    }

    function test_cancel_byAnybodyAfterExpiry() public {
        bytes32 id = opened(PRIVATE);
        vm.warp(START + 1 hours);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlineNotReached.selector, START + 1 hours, START + 1 hours));
        vm.prank(outsider);
        rounds.cancel(id);
        vm.warp(START + 1 hours + 1);
        vm.prank(outsider);
        rounds.cancel(id);
        assertCredits(entryFor(PRIVATE), 0, 0);
    }

    // ---- enumeration ----

    /// Offers that nobody served cost readers nothing.
    function test_roundIdAt_isInTheOrderOfServing() public {
        bytes32 first = opened(PUBLIC);
        bytes32 second = opened(PUBLIC);
        bytes32 third = opened(PUBLIC);
        assertEq(rounds.roundCount(modelId), 0, "offers only");
        serveWith(third, outputsRootOf(PUBLIC));
        serveWith(first, outputsRootOf(PUBLIC));
        assertEq(rounds.offerCount(modelId), 3, "offers");
        assertEq(rounds.offerIdAt(modelId, 0), first, "offer 0");
        assertEq(rounds.offerIdAt(modelId, 1), second, "offer 1");
        assertEq(rounds.offerIdAt(modelId, 2), third, "offer 2");
        assertEq(rounds.roundCount(modelId), 2, "served");
        assertEq(rounds.roundIdAt(modelId, 0), third, "the first served");
        assertEq(rounds.roundIdAt(modelId, 1), first, "the second served");
        vm.expectRevert(abi.encodeWithSignature("SequenceOutOfRange(uint256,uint256)", 2, 2));
        rounds.roundIdAt(modelId, 2);
        vm.expectRevert(abi.encodeWithSignature("SequenceOutOfRange(uint256,uint256)", 3, 3));
        rounds.offerIdAt(modelId, 3);
    }

    function test_views_revertWhen_theIdIsUnknown() public {
        bytes32 id = keccak256("nothing");
        expectRoundState(id, RoundState.None);
        rounds.round(id);
        expectRoundState(id, RoundState.None);
        rounds.contestedSet(id);
        expectRoundState(id, RoundState.None);
        rounds.provenSet(id);
        expectRoundState(id, RoundState.None);
        rounds.timeoutAt(id);
    }

    function expectRefusal(RoundTerms memory t, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(mc);
        rounds.open{value: 0.5 ether}(t);
    }
}
