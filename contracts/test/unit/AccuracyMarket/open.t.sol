// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {TAG_ENG, TAG_OFFER} from "../../../src/libraries/Tags.sol";
import {
    Adjudication,
    EngagementView,
    MarketParams,
    Mode,
    OfferTerms,
    Outcome,
    State
} from "../../../src/types/MarketTypes.sol";
import {ModelRecord, ModelStatus} from "../../../src/types/ModelTypes.sol";

contract OpenTest is MarketFixture {
    function test_open_storesTheOffer() public {
        OfferTerms memory t = terms();
        bytes32 id = keccak256(abi.encode(TAG_ENG, block.chainid, address(market), modelId, uint256(0)));
        bytes32 offerHash = keccak256(
            bytes.concat(
                abi.encode(TAG_OFFER, id, mc, modelId, modelHash, uint256(0), uint256(0)),
                abi.encode(testRoot, bytes32(0), uint256(TARGET), uint256(START + 1 hours), market.PARAMS_HASH())
            )
        );
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Offered(id, modelId, mc, offerHash, t);
        assertEq(offeredWith(t), id, "id");

        EngagementView memory e = market.engagement(id);
        assertEq(e.modelId, modelId, "modelId");
        assertEq(e.testRoot, testRoot, "testRoot");
        assertEq(e.offerHash, offerHash, "offerHash");
        assertEq(e.mc, mc, "mc");
        assertEq(e.mp, mp, "mp");
        assertEq(uint256(e.state), uint256(State.Offered), "state");
        assertEq(uint256(e.outcome), uint256(Outcome.None), "outcome");
        assertEq(uint256(e.mode), uint256(Mode.CLEAR), "mode");
        assertEq(uint256(e.adjudication), uint256(Adjudication.DIRECT), "adjudication");
        assertEq(e.targetBps, TARGET, "targetBps");
        assertEq(e.deadline, START + 1 hours, "deadline");
        assertEq(e.closedAt, 0, "closedAt");
        assertEq(e.provenOnChain, 0, "provenOnChain");
        assertEq(market.totalOwed(), ENTRY, "owed");
        assertEq(mc.balance, 1 ether - ENTRY, "mc paid");
        assertSolvent();
    }

    function test_open_givesADifferentIdEachTime() public {
        bytes32 first = offered();
        bytes32 second = offered();
        assertTrue(first != second, "distinct");
        assertEq(market.engagementCount(modelId), 2, "count");
        assertEq(market.engagementIdAt(modelId, 0), first, "first");
        assertEq(market.engagementIdAt(modelId, 1), second, "second");
    }

    function test_open_allowsSelfDealing() public {
        OfferTerms memory t = terms();
        vm.prank(mp);
        bytes32 id = market.open{value: ENTRY}(t);
        assertEq(market.engagement(id).mc, market.engagement(id).mp, "visible in the view");
    }

    function test_open_revertsWhen_valueIsOneWeiOff() public {
        OfferTerms memory t = terms();
        for (uint256 i = 0; i < 2; ++i) {
            uint256 value = i == 0 ? ENTRY - 1 : ENTRY + 1;
            vm.expectRevert(abi.encodeWithSelector(IMarket.WrongValue.selector, ENTRY, value));
            vm.prank(mc);
            market.open{value: value}(t);
        }
    }

    function test_open_revertsWhen_fullHasNoSaltHash() public {
        OfferTerms memory t = terms();
        t.mode = Mode.FULL;
        expectRefusal(t, abi.encodeWithSelector(IAccuracyMarket.ZeroSaltHash.selector));
    }

    /// Sets of up to DIRECT_MAX examples get an unconditional verdict: N2 counts in FULL, N in SIMPLE.
    function test_open_revertsWhen_aSmallSetIsOptimistic() public {
        MarketParams memory m = marketParams();
        m.claim.directMax = N2;
        (registry, market) = deploy(registryParams(), m);
        modelId = register(record(), 0);
        OfferTerms memory t = terms();
        t.mode = Mode.FULL;
        t.mcSaltHash = keccak256("salt");
        t.adjudication = Adjudication.OPTIMISTIC;
        expectRefusal(t, abi.encodeWithSelector(IAccuracyMarket.DirectRequired.selector, N2, N2));
        t.adjudication = Adjudication.DIRECT;
        offeredWith(t);
        t.adjudication = Adjudication.OPTIMISTIC;
        t.mode = Mode.SIMPLE;
        t.mcSaltHash = 0;
        offeredWith(t);
    }

    /// Bad data could not be shown in chains that the judge cannot follow.
    function test_open_revertsWhen_theJudgeHasAnotherRate() public {
        ModelRecord memory r = record();
        r.wordsPerHash = 1;
        modelId = register(r, 0);
        modelHash = registry.hashRecord(r);
        OfferTerms memory t = terms();
        offeredWith(t);
        t.mode = Mode.SIMPLE;
        expectRefusal(t, abi.encodeWithSelector(IAccuracyMarket.WordsPerHashMismatch.selector, 2, 1));
    }

    function test_open_revertsWhen_clearIsOptimistic() public {
        OfferTerms memory t = terms();
        t.adjudication = Adjudication.OPTIMISTIC;
        expectRefusal(
            t, abi.encodeWithSelector(IAccuracyMarket.Unsupported.selector, Mode.CLEAR, Adjudication.OPTIMISTIC)
        );
    }

    function test_open_revertsWhen_modelIsUnknown() public {
        OfferTerms memory t = terms();
        t.modelId = keccak256("nobody");
        expectRefusal(t, abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, t.modelId, ModelStatus.None));
    }

    function test_open_revertsWhen_modelIsUnbonding() public {
        vm.prank(mp);
        registry.requestExit(modelId);
        expectRefusal(terms(), abi.encodeWithSelector(IMarket.ModelNotActive.selector, modelId, ModelStatus.Unbonding));
    }

    function test_open_revertsWhen_modelIsSuspended() public {
        bytes32 id = probing();
        vm.warp(START + DECIDE_WINDOW + 1);
        market.timeout(id);
        expectRefusal(terms(), abi.encodeWithSelector(IMarket.ModelNotActive.selector, modelId, ModelStatus.Suspended));
    }

    function test_open_revertsWhen_modelHashIsAnother() public {
        OfferTerms memory t = terms();
        t.modelHash = keccak256("another");
        expectRefusal(t, abi.encodeWithSelector(IMarket.ModelHashMismatch.selector, modelHash, t.modelHash));
    }

    function test_open_revertsWhen_targetIsZeroOrAboveOne() public {
        OfferTerms memory t = terms();
        t.targetBps = 0;
        expectRefusal(t, abi.encodeWithSelector(IAccuracyMarket.BadTarget.selector, 0));
        t.targetBps = 10_001;
        expectRefusal(t, abi.encodeWithSelector(IAccuracyMarket.BadTarget.selector, 10_001));
    }

    function test_open_acceptsTargetsAtBothEnds() public {
        OfferTerms memory t = terms();
        t.targetBps = 1;
        offeredWith(t);
        t.targetBps = 10_000;
        offeredWith(t);
    }

    function test_open_acceptsExpiriesAtBothEnds() public {
        OfferTerms memory t = terms();
        t.expiry = START;
        offeredWith(t);
        t.expiry = START + ACCEPT_WINDOW;
        offeredWith(t);
    }

    function test_open_revertsWhen_expiryIsPastOrTooFar() public {
        OfferTerms memory t = terms();
        for (uint256 i = 0; i < 2; ++i) {
            t.expiry = i == 0 ? START - 1 : START + ACCEPT_WINDOW + 1;
            expectRefusal(t, abi.encodeWithSelector(IMarket.BadExpiry.selector, START, START + ACCEPT_WINDOW, t.expiry));
        }
    }

    function test_open_revertsWhen_testRootIsZero() public {
        OfferTerms memory t = terms();
        t.testRoot = 0;
        expectRefusal(t, abi.encodeWithSelector(IAccuracyMarket.ZeroTestRoot.selector));
    }

    function test_open_revertsWhen_anotherModeThanFullCarriesASaltHash() public {
        OfferTerms memory t = terms();
        t.mcSaltHash = bytes32(uint256(1));
        expectRefusal(t, abi.encodeWithSelector(IAccuracyMarket.SaltHashNotZero.selector, t.mcSaltHash));
        t.mode = Mode.SIMPLE;
        expectRefusal(t, abi.encodeWithSelector(IAccuracyMarket.SaltHashNotZero.selector, t.mcSaltHash));
    }

    function expectRefusal(OfferTerms memory t, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(mc);
        market.open{value: ENTRY}(t);
        assertEq(market.totalOwed(), address(market).balance, "nothing kept");
    }
}
