// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {AccuracyMarket} from "../../../src/AccuracyMarket.sol";
import {ModelRegistry} from "../../../src/ModelRegistry.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IAccuracyTerms} from "../../../src/interfaces/IAccuracyTerms.sol";
import {Deadlines} from "../../../src/libraries/Deadlines.sol";
import {Amounts, MarketParams, Mode, Params} from "../../../src/types/MarketTypes.sol";
import {RegistryParams} from "../../../src/types/ModelTypes.sol";

contract MarketConstructorTest is MarketFixture {
    MarketParams internal m;
    RegistryParams internal r;

    function setUp() public override {
        super.setUp();
        m = marketParams();
        r = registryParams();
    }

    function test_constructor_publishesEveryParameter() public view {
        Params memory p = accuracyTerms().params();
        assertEq(p.registry, address(registry), "registry");
        assertEq(p.treasury, treasury, "treasury");
        assertEq(p.priceInput, E, "E");
        assertEq(p.priceProof, Z, "Z");
        assertEq(p.priceInference, P, "P");
        assertEq(p.fee, FEE, "fee");
        assertEq(p.n1, N1, "N1");
        assertEq(p.n2, N2, "N2");
        assertEq(p.faultStrikes, FAULT_STRIKES, "faultStrikes");
        assertEq(p.acceptWindow, ACCEPT_WINDOW, "acceptWindow");
        assertEq(p.decideWindow, DECIDE_WINDOW, "decideWindow");
        assertEq(p.proveBase, PROVE_BASE, "proveBase");
        assertEq(p.proveTimePerItem, PROVE_TIME_PER_ITEM, "proveTimePerItem");
        assertEq(p.unbondWindow, UNBOND_WINDOW, "unbondWindow");
        assertEq(p.proofJudge, address(proofJudge), "proofJudge");
        assertEq(p.transferJudge, address(transferJudge), "transferJudge");
        assertEq(p.publication, address(publication), "publication");
        assertEq(p.wordsPerChunk, WORDS_PER_CHUNK, "wordsPerChunk");
        assertEq(p.commitWindow, COMMIT_WINDOW, "commitWindow");
        assertEq(p.ackWindow, ACK_WINDOW, "ackWindow");
        assertEq(p.publishWindow, PUBLISH_WINDOW, "publishWindow");
        assertEq(p.keyWindow, KEY_WINDOW, "keyWindow");
        assertEq(p.challengeWindow, CHALLENGE_WINDOW, "challengeWindow");
        assertEq(p.respondWindow, RESPOND_WINDOW, "respondWindow");
        assertEq(p.answerTime, ANSWER_TIME, "answerTime");
        assertEq(p.challengeBond, BOND, "challengeBond");
        assertEq(p.directMax, DIRECT_MAX, "directMax");
    }

    function test_constructor_derivesTheAmounts() public view {
        for (uint256 mode = 0; mode < 3; ++mode) {
            Amounts memory a = accuracyTerms().amounts(Mode(mode));
            bool full = Mode(mode) == Mode.FULL;
            assertEq(a.deposit, DEPOSIT, "D");
            assertEq(a.abortPayment, full ? FULL_ABORT_PAYMENT : ABORT_PAYMENT, "A");
            assertEq(a.successPayment, full ? FULL_SUCCESS_PAYMENT : SUCCESS_PAYMENT, "R");
            assertEq(a.fee, FEE, "fee");
            assertTrue(a.abortPayment < a.successPayment && a.successPayment < a.deposit, "I0");
        }
    }

    /// The hash is over the 27 fields, one word each, after the tag.
    function test_constructor_hashesTheParameters() public view {
        bytes memory words = bytes.concat(
            abi.encode(keccak256("assay.params.v1"), address(registry), treasury, E, Z, P, FEE),
            abi.encode(N1, N2, FAULT_STRIKES, ACCEPT_WINDOW, DECIDE_WINDOW, PROVE_BASE, PROVE_TIME_PER_ITEM),
            abi.encode(UNBOND_WINDOW, proofJudge, transferJudge, publication, WORDS_PER_CHUNK, COMMIT_WINDOW),
            abi.encode(ACK_WINDOW, PUBLISH_WINDOW, KEY_WINDOW, CHALLENGE_WINDOW, RESPOND_WINDOW, ANSWER_TIME),
            abi.encode(BOND, DIRECT_MAX)
        );
        assertEq(words.length, 28 * 32, "length");
        assertEq(accuracyTerms().PARAMS_HASH(), keccak256(words), "hash of the terms");
        assertEq(market.PARAMS_HASH(), keccak256(words), "hash");
    }

    function test_constructor_revertsWhen_registryNamesAnotherMarket() public {
        m.registry = address(registry);
        address predicted = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectRevert(abi.encodeWithSelector(IAccuracyMarket.NotRegistered.selector, address(market), predicted));
        new AccuracyMarket(m);
    }

    function test_constructor_revertsWhen_pricesAreNotOrdered() public {
        m.priceProof = E;
        expectBad("priceProof", E);
        m.priceProof = E - 1;
        deploys();
        m.priceInference = E - 1;
        expectBad("priceInference", E - 1);
        m.priceInference = E - 2;
        deploys();
        m.priceInference = 0;
        expectBad("priceInference", 0);
        m.priceInference = 1;
        deploys();
    }

    function test_constructor_revertsWhen_feeIsZero() public {
        m.fee = 0;
        expectBad("fee", 0);
        m.fee = 1;
        deploys();
    }

    function test_constructor_revertsWhen_setSizesAreOutOfRange() public {
        m.n2 = 0;
        expectBad("n2", 0);
        m.proveTimePerItem = 1;
        r.unbondWindow = 300 days;
        m.n2 = 65_536 - N1;
        deploys();
        m.n2 = 65_537 - N1;
        expectBad("n2", 65_537 - N1);
    }

    function test_constructor_revertsWhen_depositDoesNotFit() public {
        // 14 E + fee may reach 2^128 - 1 and not more; the stake of 3000 E would overflow first, so N2 grows.
        r.n1 = 1;
        m.n2 = 65_535;
        m.proveTimePerItem = 1;
        r.unbondWindow = 300 days;
        r.priceInput = uint128(uint256(1) << 111) - 1; // 2^17·E = 2^128 - 2^17
        m.fee = (1 << 17) - 1;
        deploys();
        m.fee = 1 << 17;
        expectBad("deposit", (uint256(1) << 128) - (1 << 17));
    }

    function test_constructor_revertsWhen_aWindowIsTooShortOrTooLong() public {
        r.unbondWindow = 365 days;
        for (uint256 i = 0; i < 2; ++i) {
            uint64 given = i == 0 ? 1 hours - 1 : 365 days + 1;
            m.commitWindow = given;
            expectBadWindow("commitWindow", given);
            m.commitWindow = 1 hours;
            m.ackWindow = given;
            expectBadWindow("ackWindow", given);
            m.ackWindow = 1 hours;
            m.publishWindow = given;
            expectBadWindow("publishWindow", given);
            m.publishWindow = 1 hours;
            m.keyWindow = given;
            expectBadWindow("keyWindow", given);
            m.keyWindow = 1 hours;
            m.challengeWindow = given;
            expectBadWindow("challengeWindow", given);
            m.challengeWindow = 1 hours;
            m.respondWindow = given;
            expectBadWindow("respondWindow", given);
            m.respondWindow = 1 hours;
            m.acceptWindow = given;
            expectBadWindow("acceptWindow", given);
            m.acceptWindow = i == 0 ? 1 hours : 365 days;
            deploys();
            m.decideWindow = given;
            expectBadWindow("decideWindow", given);
            m.decideWindow = 1 hours;
            deploys();
            m.proveBase = given;
            expectBadWindow("proveBase", given);
            m.proveBase = 1 hours;
            deploys();
        }
    }

    function test_constructor_revertsWhen_itemsHaveNoTime() public {
        m.proveTimePerItem = 0;
        expectBad("proveTimePerItem", 0);
        m.proveTimePerItem = 1;
        m.answerTime = 0;
        expectBad("answerTime", 0);
        m.answerTime = m.respondWindow + 1;
        expectBad("answerTime", m.respondWindow + 1);
        (m.answerTime, r.unbondWindow) = (m.respondWindow, 30 days);
        deploys();
    }

    function test_constructor_revertsWhen_theBondIsNoEvenAmount() public {
        uint128[2] memory bad = [uint128(0), 5001];
        for (uint256 i = 0; i < 2; ++i) {
            m.challengeBond = bad[i];
            expectBad("challengeBond", bad[i]);
        }
        m.challengeBond = 2;
        deploys();
    }

    function test_constructor_revertsWhen_aCountIsZero() public {
        m.directMax = 0;
        expectBad("directMax", 0);
    }

    function test_constructor_revertsWhen_chunksDoNotFitTheJudge() public {
        uint32[3] memory bad = [uint32(0), 3, 258];
        for (uint256 i = 0; i < 3; ++i) {
            m.wordsPerChunk = bad[i];
            expectBad("wordsPerChunk", bad[i]);
        }
        m.wordsPerChunk = 2;
        deploys();
        m.wordsPerChunk = 256;
        deploys();
    }

    function test_constructor_revertsWhen_anotherContractHasNoCode() public {
        m.proofJudge = outsider;
        expectBad("proofJudge", uint160(outsider));
        m.proofJudge = address(proofJudge);
        m.transferJudge = outsider;
        expectBad("transferJudge", uint160(outsider));
        m.transferJudge = address(transferJudge);
        m.publication = outsider;
        expectBad("publication", uint160(outsider));
    }

    function test_constructor_revertsWhen_provingTakesMoreThanAYear() public {
        m.proveBase = 1 hours;
        m.proveTimePerItem = 365 days;
        r.unbondWindow = 365 days;
        expectBad("unbondWindow", 365 days);
    }

    function test_constructor_revertsWhen_unbondingIsShorterThanAnEngagement() public {
        r.unbondWindow = LONGEST_PATH;
        deploys();
        r.unbondWindow -= 1;
        expectBad("unbondWindow", LONGEST_PATH - 1);
    }

    function test_constructor_needsDayLongWindowsOnOtherChains() public {
        vm.chainId(1);
        r.unbondWindow = 20 days;
        m.acceptWindow = 24 hours;
        m.decideWindow = 24 hours;
        m.proveBase = 24 hours;
        m.commitWindow = m.ackWindow = m.publishWindow = m.keyWindow = 24 hours;
        m.challengeWindow = m.respondWindow = 24 hours;
        deploys();
        m.decideWindow = 24 hours - 1;
        vm.expectRevert(
            abi.encodeWithSelector(
                Deadlines.WindowOutOfBounds.selector, bytes32("decideWindow"), 24 hours, 365 days, 24 hours - 1
            )
        );
        this.deployBoth();
    }

    // ---- helpers ----

    function deploys() private {
        this.deployBoth();
    }

    function deployBoth() external {
        deploy(r, m);
    }

    function expectBad(bytes32 name, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IAccuracyTerms.BadParameter.selector, name, value));
        this.deployBoth();
    }

    function expectBadWindow(bytes32 name, uint64 given) private {
        vm.expectRevert(abi.encodeWithSelector(Deadlines.WindowOutOfBounds.selector, name, 1 hours, 365 days, given));
        this.deployBoth();
    }
}
