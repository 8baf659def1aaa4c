// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../../src/interfaces/IModelRegistry.sol";
import {IPredictionMarket} from "../../../src/interfaces/IPredictionMarket.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {ModelStatus} from "../../../src/types/ModelTypes.sol";
import {Privacy, RoundOutcome, RoundState} from "../../../src/types/RoundTypes.sol";
import {RoundFixture} from "../../base/RoundFixture.sol";

contract RoundServeTest is RoundFixture {
    bytes32 private constant ROOT = keccak256("outputs");
    uint256 private constant DUE = 200_334; // M + fee

    function test_serve_locksBothDeposits() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 before = vm.snapshotState();
            Privacy privacy = Privacy(i);
            bytes32 id = opened(privacy);
            bytes32 g = roundGuard(id);
            vm.warp(START + 1 hours);
            uint64 deadline = START + 1 hours + (privacy == PRIVATE ? CONTEST : PUBLISH);
            vm.expectEmit(true, true, true, true, address(rounds));
            emit IPredictionMarket.RoundServed(id, modelId, mp, ROOT, deadline);
            vm.prank(mp);
            rounds.serve{value: DUE}(id, g, ROOT);
            assertRound(id, RoundState.Rooted, RoundOutcome.None);
            assertEq(rounds.round(id).outputsRoot, ROOT, "root");
            assertEq(roundGuard(id), ROOT, "guard");
            assertEq(rounds.round(id).deadline, deadline, "deadline");
            assertEq(registry.model(modelId).open, 1, "open");
            assertEq(registry.model(modelId).reserved, 1, "one strike");
            assertCredits(0, 0, 2 * ROUND_FEE);
            assertEq(
                rounds.totalOwed(), MC_DEPOSIT + PI + bondFor(privacy) + M + 2 * ROUND_FEE, "V25: both are in escrow"
            );
            vm.revertToState(before);
        }
    }

    function test_serve_revertsWhen_theCallIsWrong() public {
        bytes32 id = opened(PUBLIC);
        bytes32 g = roundGuard(id);
        address[2] memory others = [mc, outsider];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.NotParty.selector, mp, others[i]));
            vm.prank(others[i]);
            rounds.serve{value: DUE}(id, g, ROOT);
        }
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, ROOT));
        vm.prank(mp);
        rounds.serve{value: DUE}(id, ROOT, ROOT);
        vm.expectRevert(IPredictionMarket.ZeroOutputsRoot.selector);
        vm.prank(mp);
        rounds.serve{value: DUE}(id, g, 0);
        uint256[3] memory values = [uint256(0), DUE - 1, DUE + 1];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.WrongValue.selector, DUE, values[i]));
            vm.prank(mp);
            rounds.serve{value: values[i]}(id, g, ROOT);
        }
        vm.warp(START + 1 hours + 1);
        vm.expectRevert(abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, START + 1 hours, START + 1 hours + 1));
        vm.prank(mp);
        rounds.serve{value: DUE}(id, g, ROOT);
    }

    function test_serve_revertsWhen_theModelHasLeft() public {
        bytes32 id = opened(PUBLIC);
        bytes32 g = roundGuard(id);
        vm.startPrank(mp);
        registry.requestExit(modelId);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.WrongModelStatus.selector, modelId, ModelStatus.Unbonding)
        );
        rounds.serve{value: DUE}(id, g, ROOT);
    }
}
