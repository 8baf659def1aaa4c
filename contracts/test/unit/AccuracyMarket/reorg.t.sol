// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../../base/MarketFixture.sol";
import {IMarket} from "../../../src/interfaces/IMarket.sol";
import {OfferTerms, ProofItem, State} from "../../../src/types/MarketTypes.sol";

/// The chain forgets blocks and replays the pending calls on another history: a call must act on what its sender saw or
/// revert.
contract ReorgTest is MarketFixture {
    /// Another offer takes the sequence number: the id now names that offer, and the acceptance of the first one reverts.
    function test_reorg_acceptOfADisplacedOfferReverts() public {
        uint256 before = vm.snapshotState();
        bytes32 id = offered();
        bytes32 guard = guardOf(id);

        vm.revertToState(before);
        OfferTerms memory worse = terms();
        worse.targetBps = 10_000;
        vm.prank(outsider);
        assertEq(market.open{value: ENTRY}(worse), id, "the same id");
        vm.expectRevert(abi.encodeWithSelector(IMarket.GuardMismatch.selector, guardOf(id), guard));
        vm.prank(mp);
        market.accept{value: ENTRY}(id, guard);
    }

    /// The same offer of another consumer is another offer.
    function test_reorg_guardNamesTheConsumer() public {
        uint256 before = vm.snapshotState();
        bytes32 guard = guardOf(offered());
        vm.revertToState(before);
        OfferTerms memory same = terms();
        vm.prank(outsider);
        bytes32 id = market.open{value: ENTRY}(same);
        assertTrue(guardOf(id) != guard, "another guard");
    }

    function test_reorg_proceedWithoutItsAcceptReverts() public {
        bytes32 id = offered();
        bytes32 guard = guardOf(id);
        uint256 before = vm.snapshotState();
        acceptBy(mp, id);
        vm.revertToState(before);
        expectWrongState(id, State.Offered);
        vm.prank(mp);
        market.proceed(id, guard);
    }

    function test_reorg_proofsWithoutTheirProceedRevert() public {
        bytes32 id = probing();
        ProofItem[] memory items = batch(id, 0, NEEDED);
        expectWrongState(id, State.Probing);
        market.submitProofs(id, items);
    }

    /// Every word of the offer is covered by the guard.
    function test_reorg_guardCoversEveryTerm() public {
        OfferTerms[4] memory variants;
        for (uint256 i = 0; i < 4; ++i) {
            variants[i] = terms();
        }
        variants[1].testRoot = keccak256("another set");
        variants[2].targetBps += 1;
        variants[3].expiry += 1;
        bytes32[4] memory guards;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 before = vm.snapshotState();
            guards[i] = guardOf(offeredWith(variants[i]));
            vm.revertToState(before);
        }
        for (uint256 i = 1; i < 4; ++i) {
            assertTrue(guards[i] != guards[0], "covered");
        }
    }
}
