// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {AccuracyMarket} from "../../../src/AccuracyMarket.sol";
import {ModelRegistry} from "../../../src/ModelRegistry.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IAccuracyTerms} from "../../../src/interfaces/IAccuracyTerms.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
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
        assertEq(keccak256(abi.encode(p.prices)), keccak256(abi.encode(m.prices)), "prices");
        assertEq(p.n1, N1, "N1");
        assertEq(p.n2, N2, "N2");
        assertEq(p.faultStrikes, FAULT_STRIKES, "faultStrikes");
        assertEq(keccak256(abi.encode(p.windows)), keccak256(abi.encode(m.windows)), "windows");
        assertEq(p.unbondWindow, UNBOND_WINDOW, "unbondWindow");
        assertEq(keccak256(abi.encode(p.judges)), keccak256(abi.encode(m.judges)), "judges");
        assertEq(keccak256(abi.encode(p.transfer)), keccak256(abi.encode(m.transfer)), "transfer");
        assertEq(keccak256(abi.encode(p.claim)), keccak256(abi.encode(m.claim)), "claim");
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

    function test_constructor_revertsWhen_registryNamesAnotherMarket() public {
        m.registry = address(registry);
        address predicted = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotRegistered.selector, address(market), predicted));
        new AccuracyMarket(m);
    }

    function test_constructor_revertsWhen_pricesAreNotOrdered() public {
        m.prices.proof = E;
        expectBad("priceProof", E);
        m.prices.proof = E - 1;
        deploys();
        m.prices.inference = E - 1;
        expectBad("priceInference", E - 1);
        m.prices.inference = E - 2;
        deploys();
        m.prices.inference = 0;
        expectBad("priceInference", 0);
        m.prices.inference = 1;
        deploys();
    }

    function test_constructor_revertsWhen_feeIsZero() public {
        m.prices.fee = 0;
        expectBad("fee", 0);
        m.prices.fee = 1;
        deploys();
    }

    function test_constructor_revertsWhen_setSizesAreOutOfRange() public {
        m.n2 = 0;
        expectBad("n2", 0);
        m.windows.proveTimePerItem = 1;
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
        m.windows.proveTimePerItem = 1;
        r.unbondWindow = 300 days;
        r.priceInput = uint128(uint256(1) << 111) - 1; // 2^17·E = 2^128 - 2^17
        m.prices.fee = (1 << 17) - 1;
        deploys();
        m.prices.fee = 1 << 17;
        expectBad("deposit", (uint256(1) << 128) - (1 << 17));
    }

    function test_constructor_revertsWhen_aWindowIsTooShortOrTooLong() public {
        r.unbondWindow = 365 days;
        for (uint256 i = 0; i < 2; ++i) {
            uint64 given = i == 0 ? 1 hours - 1 : 365 days + 1;
            m.transfer.commitWindow = given;
            expectBadWindow("commitWindow", given);
            m.transfer.commitWindow = 1 hours;
            m.transfer.ackWindow = given;
            expectBadWindow("ackWindow", given);
            m.transfer.ackWindow = 1 hours;
            m.transfer.publishWindow = given;
            expectBadWindow("publishWindow", given);
            m.transfer.publishWindow = 1 hours;
            m.transfer.keyWindow = given;
            expectBadWindow("keyWindow", given);
            m.transfer.keyWindow = 1 hours;
            m.claim.challengeWindow = given;
            expectBadWindow("challengeWindow", given);
            m.claim.challengeWindow = 1 hours;
            m.claim.respondWindow = given;
            expectBadWindow("respondWindow", given);
            m.claim.respondWindow = 1 hours;
            m.windows.accept = given;
            expectBadWindow("acceptWindow", given);
            m.windows.accept = i == 0 ? 1 hours : 365 days;
            deploys();
            m.windows.decide = given;
            expectBadWindow("decideWindow", given);
            m.windows.decide = 1 hours;
            deploys();
            m.windows.proveBase = given;
            expectBadWindow("proveBase", given);
            m.windows.proveBase = 1 hours;
            deploys();
        }
    }

    function test_constructor_revertsWhen_itemsHaveNoTime() public {
        m.windows.proveTimePerItem = 0;
        expectBad("proveTimePerItem", 0);
        m.windows.proveTimePerItem = 1;
        m.claim.answerTime = 0;
        expectBad("answerTime", 0);
        m.claim.answerTime = m.claim.respondWindow + 1;
        expectBad("answerTime", m.claim.respondWindow + 1);
        (m.claim.answerTime, r.unbondWindow) = (m.claim.respondWindow, 30 days);
        deploys();
    }

    function test_constructor_revertsWhen_theBondIsNoEvenAmount() public {
        uint128[2] memory bad = [uint128(0), 5001];
        for (uint256 i = 0; i < 2; ++i) {
            m.claim.challengeBond = bad[i];
            expectBad("challengeBond", bad[i]);
        }
        m.claim.challengeBond = 2;
        deploys();
    }

    function test_constructor_revertsWhen_aCountIsZero() public {
        m.claim.directMax = 0;
        expectBad("directMax", 0);
    }

    function test_constructor_revertsWhen_chunksDoNotFitTheJudge() public {
        uint32[3] memory bad = [uint32(0), 3, 258];
        for (uint256 i = 0; i < 3; ++i) {
            m.transfer.wordsPerChunk = bad[i];
            expectBad("wordsPerChunk", bad[i]);
        }
        m.transfer.wordsPerChunk = 2;
        deploys();
        m.transfer.wordsPerChunk = 256;
        deploys();
    }

    function test_constructor_revertsWhen_anotherContractHasNoCode() public {
        m.judges.proofs = outsider;
        expectBad("proofJudge", uint160(outsider));
        m.judges.proofs = address(proofJudge);
        m.judges.transfers = outsider;
        expectBad("transferJudge", uint160(outsider));
        m.judges.transfers = address(transferJudge);
        m.judges.publication = outsider;
        expectBad("publication", uint160(outsider));
    }

    function test_constructor_revertsWhen_provingTakesMoreThanAYear() public {
        m.windows.proveBase = 1 hours;
        m.windows.proveTimePerItem = 365 days;
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
        m.windows.accept = 24 hours;
        m.windows.decide = 24 hours;
        m.windows.proveBase = 24 hours;
        m.transfer.commitWindow = m.transfer.ackWindow = m.transfer.publishWindow = m.transfer.keyWindow = 24 hours;
        m.claim.challengeWindow = m.claim.respondWindow = 24 hours;
        deploys();
        m.windows.decide = 24 hours - 1;
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
