// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../../src/ModelRegistry.sol";
import {PredictionMarket} from "../../../src/PredictionMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IPredictionMarket} from "../../../src/interfaces/IPredictionMarket.sol";
import {TAG_ROUND_PARAMS} from "../../../src/libraries/Tags.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {RegistryParams} from "../../../src/types/ModelTypes.sol";
import {PredictionMarketParams, PredictionParams, RoundOutcome, RoundState} from "../../../src/types/RoundTypes.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";

contract RoundConstructorTest is RoundFixture {
    PredictionMarketParams private p;

    function setUp() public override {
        super.setUp();
        p = roundParams();
    }

    function test_params_areThoseGivenAndThoseOfTheRegistry() public view {
        PredictionParams memory q = rounds.params();
        assertEq(q.registry, address(registry), "registry");
        assertEq(q.treasury, treasury, "treasury");
        assertEq(q.judge, address(outputJudge), "judge");
        assertEq(q.priceProof, RZ, "Z");
        assertEq(q.fee, ROUND_FEE, "fee");
        assertEq(q.answerGas, ANSWER_GAS, "G");
        assertEq(keccak256(abi.encode(q.windows)), keccak256(abi.encode(p.windows)), "windows");
        assertEq(q.unbondWindow, UNBOND_WINDOW, "unbonding");
        bytes memory words = abi.encode(q);
        assertEq(words.length, 15 * 32, "words");
        assertEq(rounds.PARAMS_HASH(), keccak256(bytes.concat(abi.encode(TAG_ROUND_PARAMS), words)), "hash");
    }

    /// What the factory and readers of any market ask.
    function test_terms_nameTheRegistryFirst() public view {
        assertEq(rounds.terms(), address(rounds), "terms");
        assertEq(registry.prediction(), address(rounds), "the registry's");
        assertEq(registry.accuracy(), address(market), "beside the other one");
    }

    /// Any other contract could burn every stake.
    function test_constructor_revertsWhen_theRegistryNamesAnother() public {
        p.registry = address(registry);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotRegistered.selector, address(rounds), nextAddress()));
        new PredictionMarket(p);
    }

    function test_constructor_revertsWhen_aParameterIsOutOfRange() public {
        p.judge = outsider;
        expectBad("judge", uint160(outsider));
        p = roundParams();
        p.priceProof = 0;
        expectBad("priceProof", 0);
        p = roundParams();
        p.answerGas = (1 << 24) + 1;
        expectBad("answerGas", (1 << 24) + 1);
        p = roundParams();
        p.windows.answerTime = 0;
        expectBad("answerTime", 0);
        p.windows.answerTime = RESPOND + 1;
        expectBad("answerTime", RESPOND + 1);
    }

    function test_constructor_revertsWhen_aWindowIsTooShortOrTooLong() public {
        bytes32[4] memory names = [bytes32("acceptWindow"), "publishWindow", "contestWindow", "respondWindow"];
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 end = 0; end < 2; ++end) {
                p = roundParams();
                uint64 w = end == 0 ? 1 hours - 1 : 365 days + 1;
                if (i == 0) p.windows.accept = w;
                if (i == 1) p.windows.publish = w;
                if (i == 2) p.windows.contest = w;
                if (i == 3) p.windows.respond = w;
                expectDeploy(
                    abi.encodeWithSelector(Deadlines.WindowOutOfBounds.selector, names[i], 1 hours, 365 days, w),
                    UNBOND_WINDOW
                );
            }
        }
    }

    function test_constructor_revertsWhen_unbondingIsShorterThanTheLongestRound() public {
        expectDeploy(
            abi.encodeWithSelector(
                IPredictionMarket.BadParameter.selector, bytes32("unbondWindow"), uint256(LONGEST_ROUND) - 1
            ),
            LONGEST_ROUND - 1
        );
        deployWith(LONGEST_ROUND);
    }

    function test_constructor_takesTheLimits() public {
        p.fee = 0;
        p.answerGas = 0;
        p.priceProof = 1;
        deployWith(UNBOND_WINDOW);
        p.answerGas = 1 << 24;
        p.windows.answerTime = 1;
        deployWith(UNBOND_WINDOW);
        p.windows.publish = 1 hours;
        p.windows.answerTime = p.windows.respond;
        deployWith(365 days);
    }

    /// Values of the enums are part of the ABI.
    function test_enums_keepTheirOrder() public pure {
        assertEq(uint256(RoundState.Offered), 1, "Offered");
        assertEq(uint256(RoundState.Rooted), 2, "Rooted");
        assertEq(uint256(RoundState.Served), 3, "Served");
        assertEq(uint256(RoundState.Closed), 4, "Closed");
        assertEq(uint256(RoundOutcome.Cancelled), 1, "Cancelled");
        assertEq(uint256(RoundOutcome.Void), 2, "Void");
        assertEq(uint256(RoundOutcome.Clean), 3, "Clean");
        assertEq(uint256(RoundOutcome.Upheld), 4, "Upheld");
        assertEq(uint256(RoundOutcome.Fault), 5, "Fault");
        assertEq(uint256(PUBLIC), 0, "PUBLIC");
        assertEq(uint256(PRIVATE), 1, "PRIVATE");
    }

    // ---- helpers ----

    function expectBad(bytes32 name, uint256 value) private {
        expectDeploy(abi.encodeWithSelector(IPredictionMarket.BadParameter.selector, name, value), UNBOND_WINDOW);
    }

    function expectDeploy(bytes memory reason, uint64 unbond) private {
        try this.deployWith(unbond) {
            assertTrue(false, "deployed");
        } catch (bytes memory given) {
            assertEq(keccak256(given), keccak256(reason), "reason");
        }
    }

    function deployWith(uint64 unbond) public {
        RegistryParams memory r = registryParams();
        r.unbondWindow = unbond;
        // The accuracy market has bounds of its own: here another contract stands for it.
        r.accuracy = address(market);
        r.prediction = vm.computeCreateAddress(address(this), uint256(vm.getNonce(address(this))) + 1);
        PredictionMarketParams memory q = p;
        q.registry = address(new ModelRegistry(r));
        new PredictionMarket(q);
    }

    function nextAddress() private view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
    }
}
