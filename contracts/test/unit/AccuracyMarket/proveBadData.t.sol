// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TransferFixture} from "../../base/TransferFixture.sol";
import {IAccuracyMarket} from "../../../src/interfaces/IAccuracyMarket.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {ITransferJudge} from "../../../src/interfaces/ITransferJudge.sol";
import {Deadlines} from "../../../src/shared/Deadlines.sol";
import {Mode, Outcome, State} from "../../../src/types/MarketTypes.sol";
import {BadData, Evidence} from "../../../src/types/TransferTypes.sol";
import {Reputation} from "../../../src/types/ModelTypes.sol";

/// Evidence before the market: which examples, whose keys, when, and what a conviction does. The judge has tests of its own.
contract ProveBadDataTest is TransferFixture {
    uint256 private constant ALL = 3;
    bool private isSpoiled;

    // ---- convictions ----

    function test_proveBadData_convictsForEachClaimInTheProbeSet() public {
        for (uint256 claim = 0; claim < ALL; ++claim) {
            uint256 before = vm.snapshotState();
            bytes32 id = spoiled(FULL, State.Probing, claim);
            convict(id, 1, keysA(id), BadData(claim));
            vm.revertToState(before);
        }
    }

    function test_proveBadData_convictsForEachClaimInTheProvenSet() public {
        for (uint256 claim = 0; claim < ALL; ++claim) {
            uint256 before = vm.snapshotState();
            bytes32 id = spoiled(FULL, State.Proving, claim);
            convict(id, N1, masterBytes(), BadData(claim));
            vm.revertToState(before);
        }
    }

    function test_proveBadData_convictsForEachClaimInSimple() public {
        for (uint256 claim = 0; claim < ALL; ++claim) {
            uint256 before = vm.snapshotState();
            bytes32 id = spoiled(SIMPLE, State.Probing, claim);
            convict(id, N - 1, masterBytes(), BadData(claim));
            vm.revertToState(before);
        }
    }

    /// One false probe key opens garbage: whoever sent it is convicted although the ciphertext is honest.
    function test_proveBadData_convictsForAFalseProbeKey() public {
        bytes32 id = reach(State.Acked, FULL, DIRECT);
        bytes memory keys = keysA(id);
        keys[64] ^= 0x01;
        vm.prank(mc);
        market.revealA(id, MP_SEED, MC_SALT, keys);
        expectNoFault(id, 1, keys);
        convict(id, 2, keys, BadData.Header);
    }

    /// So does a false master key, for which the probe keys are no excuse.
    function test_proveBadData_convictsForAFalseMasterKey() public {
        bytes32 id = reach(State.Proceeded, FULL, DIRECT);
        bytes32 g = guard(id);
        vm.prank(mc);
        market.revealB(id, g, keccak256("another"));
        convict(id, N1, bytes.concat(keccak256("another")), BadData.Header);
    }

    // ---- acquittals ----

    /// V15 through the market: no evidence about an honest transfer, whatever the claim and the position.
    function test_proveBadData_neverConvictsAnHonestConsumer() public {
        bytes32 probing_ = reach(State.Probing, FULL, DIRECT);
        for (uint256 p = 0; p < N1; ++p) {
            expectNoFault(probing_, p, keysA(probing_));
        }
        bytes32 proving_ = reach(State.Proving, FULL, OPTIMISTIC);
        for (uint256 p = N1; p < N; ++p) {
            expectNoFault(proving_, p, masterBytes());
        }
        bytes32 simple = reach(State.Probing, SIMPLE, DIRECT);
        for (uint256 p = 0; p < N; ++p) {
            expectNoFault(simple, p, masterBytes());
        }
        assertState(probing_, State.Probing);
        assertState(proving_, State.Proving);
        assertState(simple, State.Probing);
    }

    // ---- refusals ----

    function test_proveBadData_revertsWhen_thePositionIsNotOpenedNow() public {
        bytes32 id = spoiled(FULL, State.Probing, 0);
        bytes memory keys = keysA(id);
        expectRefusal(id, N1, keys, abi.encodeWithSelector(IAccuracyMarket.NotOpened.selector, 0, N1, N1));
        id = spoiled(FULL, State.Proving, 0);
        expectRefusal(
            id, N1 - 1, masterBytes(), abi.encodeWithSelector(IAccuracyMarket.NotOpened.selector, N1, N, N1 - 1)
        );
        expectRefusal(id, N, masterBytes(), abi.encodeWithSelector(IAccuracyMarket.NotOpened.selector, N1, N, N));
        id = spoiled(SIMPLE, State.Probing, 0);
        expectRefusal(id, N, masterBytes(), abi.encodeWithSelector(IAccuracyMarket.NotOpened.selector, 0, N, N));
    }

    function test_proveBadData_revertsWhen_theKeysAreNotThoseOfRecord() public {
        bytes32 id = spoiled(FULL, State.Probing, 0);
        bytes32 g = guard(id);
        bytes memory keys = keysA(id);
        keys[0] ^= 0x01;
        expectRefusal(id, 0, keys, abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, keccak256(keys)));
        expectRefusal(
            id, 0, masterBytes(), abi.encodeWithSelector(IMarket.GuardMismatch.selector, g, keccak256(masterBytes()))
        );
    }

    function test_proveBadData_revertsWhen_late() public {
        bytes32 id = spoiled(FULL, State.Probing, 0);
        bytes memory keys = keysA(id);
        uint64 deadline = market.timeoutAt(id);
        vm.warp(deadline + 1);
        expectRefusal(id, 0, keys, abi.encodeWithSelector(Deadlines.DeadlinePassed.selector, deadline, deadline + 1));
        vm.warp(deadline);
        convict(id, 0, keys, BadData.Header);
    }

    /// In SIMPLE everything is open before the provider decides: proceeding accepts the data.
    function test_proveBadData_revertsWhen_simpleHasProceeded() public {
        bytes32 id = spoiled(SIMPLE, State.Proving, 0);
        expectRefusal(
            id, 0, masterBytes(), abi.encodeWithSelector(IAccuracyMarket.WrongState.selector, id, State.Proving)
        );
    }

    // ---- helpers ----

    /// A transfer in which every example is bad in the given way.
    function spoiled(Mode mode, State state, uint256 claim) private returns (bytes32) {
        if (isSpoiled) return reach(state, mode, DIRECT);
        isSpoiled = true;
        for (uint256 i = 0; i < N; ++i) {
            if (BadData(claim) == BadData.Header) plain[3 * i][2] ^= 1;
            else if (BadData(claim) == BadData.Start) plain[3 * i][4] ^= 1;
            else plain[3 * i + 1][1] ^= 1;
        }
        return reach(state, mode, DIRECT);
    }

    function convict(bytes32 id, uint256 position, bytes memory keys, BadData claim) private {
        Evidence memory e = evidence(id, position, claim, 0);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.BadDataProven(id, modelId, outsider, claim, position);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccuracyMarket.Closed(id, modelId, outsider, Outcome.BadData, 0, 2 * DEPOSIT);
        vm.prank(outsider);
        market.proveBadData(id, position, keys, e);
        assertState(id, State.Closed);
        assertEq(uint256(market.engagement(id).outcome), uint256(Outcome.BadData), "outcome");
        assertEq(market.credit(mp), 2 * DEPOSIT, "provider");
        assertEq(market.credit(mc), 0, "consumer");
        assertEq(market.credit(outsider), 0, "the messenger");
        Reputation memory r = registry.reputation(modelId);
        assertEq(r.mcFault, 1, "mcFault");
        assertEq(r.strikes, 0, "strikes");
        assertSolvent();
    }

    function expectNoFault(bytes32 id, uint256 position, bytes memory keys) private {
        for (uint256 claim = 0; claim < ALL; ++claim) {
            for (uint256 chunk = 0; chunk < 2; ++chunk) {
                Evidence memory e = evidence(id, position, BadData(claim), chunk);
                vm.expectRevert(abi.encodeWithSelector(ITransferJudge.NoFault.selector, position));
                market.proveBadData(id, position, keys, e);
            }
        }
    }

    function expectRefusal(bytes32 id, uint256 position, bytes memory keys, bytes memory reason) private {
        Evidence memory e = evidence(id, position < N ? position : 0, BadData.Header, 0);
        vm.expectRevert(reason);
        market.proveBadData(id, position, keys, e);
    }
}
