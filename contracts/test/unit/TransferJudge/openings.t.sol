// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {JudgeFixture} from "../../base/JudgeFixture.sol";
import {Payload} from "../../base/Payload.sol";
import {ITransferJudge} from "../../../src/interfaces/ITransferJudge.sol";
import {Merkle} from "../../../src/libraries/Merkle.sol";
import {BadData, ChunkOpening, Evidence, Transfer} from "../../../src/types/TransferTypes.sol";

/// Evidence that is not about the committed data is refused before its claim is looked at.
contract OpeningsTest is JudgeFixture {
    bytes32 internal constant SEED = keccak256("shuffle");

    Transfer internal t;

    /// A transfer in which every claim about position 1 is true, so that only the openings can be wrong.
    function guilty() private returns (Case memory c) {
        c = build(shape(), SEED);
        uint256 header = indexOf(c, 1) * PER;
        c.plain[header][0] ^= 1;
        c.plain[header + 1][0] ^= 1;
        c.plain[header + 1][1] ^= 1;
        c.plain[header + 2][1] ^= 1;
        seal(c);
        t = transfer(c, 1);
        assertTrue(convicts(c, 1, BadData.Header, 0) && convicts(c, 1, BadData.Start, 0), "guilty of both");
        assertTrue(convicts(c, 1, BadData.Step, 0) && convicts(c, 1, BadData.Step, 1), "and of the steps");
    }

    function test_openings_needNoSecondChunkForAWordThatIsTooLarge() public {
        Case memory c = guilty();
        uint256 header = indexOf(c, 1) * PER;
        c.plain[header + 1][1] = type(uint256).max;
        seal(c);
        Evidence memory e = evidence(c, 1, BadData.Step, 0);
        e.second = ChunkOpening(new bytes32[](0), new bytes32[](0));
        assertEq(uint256(judge.judge(transfer(c, 1), e)), uint256(BadData.Step), "convicted");

        c.plain[header + 1][1] = 1;
        seal(c);
        e = evidence(c, 1, BadData.Step, 0);
        e.second = ChunkOpening(new bytes32[](0), new bytes32[](0));
        t = transfer(c, 1);
        vm.expectRevert(
            abi.encodeWithSelector(ITransferJudge.BadChunkLength.selector, header + 2, uint256(5), uint256(0))
        );
        judge.judge(t, e);
    }

    function test_openings_revertWhen_aWordIsChanged() public {
        Case memory c = guilty();
        for (uint256 claim = 0; claim < 3; ++claim) {
            Evidence memory e = evidence(c, 1, BadData(claim), 0);
            e.first.cipherWords[0] ^= bytes32(uint256(1));
            expect(ITransferJudge.WrongChunk.selector);
            judge.judge(t, e);
            if (BadData(claim) == BadData.Header) continue;
            e = evidence(c, 1, BadData(claim), 0);
            e.second.cipherWords[0] ^= bytes32(uint256(1));
            expect(ITransferJudge.WrongChunk.selector);
            judge.judge(t, e);
        }
    }

    function test_openings_revertWhen_theChunkHasAnotherLength() public {
        Case memory c = guilty();
        Evidence memory e = evidence(c, 1, BadData.Step, 0);
        e.first.cipherWords = new bytes32[](4);
        expect(ITransferJudge.BadChunkLength.selector);
        judge.judge(t, e);
        e = evidence(c, 1, BadData.Header, 0);
        e.first.cipherWords = new bytes32[](6);
        expect(ITransferJudge.BadChunkLength.selector);
        judge.judge(t, e);
    }

    function test_openings_revertWhen_thePathHasAnotherLength() public {
        Case memory c = guilty();
        Evidence memory e = evidence(c, 1, BadData.Header, 0);
        e.first.path = new bytes32[](3);
        vm.expectRevert(abi.encodeWithSelector(Merkle.BadPathLength.selector, 4, 3));
        judge.judge(t, e);
    }

    /// Chunks of another example of the same transfer, or another chunk of the same example.
    function test_openings_revertWhen_theChunkIsAnother() public {
        Case memory c = guilty();
        for (uint256 position = 0; position < N; ++position) {
            if (position == 1) continue;
            Evidence memory e = evidence(c, position, BadData.Start, 0);
            expect(ITransferJudge.WrongChunk.selector);
            judge.judge(t, e);
        }
        Evidence memory step = evidence(c, 1, BadData.Step, 0);
        step.first = evidence(c, 1, BadData.Step, 1).first;
        expect(ITransferJudge.WrongChunk.selector);
        judge.judge(t, step);
        step = evidence(c, 1, BadData.Step, 0);
        step.second = step.first;
        expect(ITransferJudge.WrongChunk.selector);
        judge.judge(t, step);
    }

    function test_openings_revertWhen_theStepIsBeyondTheEnd() public {
        Case memory c = guilty();
        Evidence memory e = evidence(c, 1, BadData.Step, 1);
        e.chunk = 2;
        vm.expectRevert(abi.encodeWithSelector(ITransferJudge.NoSuchChunk.selector, 2, 2));
        judge.judge(t, e);
        e.chunk = type(uint256).max;
        expect(ITransferJudge.NoSuchChunk.selector);
        judge.judge(t, e);
    }

    /// The accuser names the leaf: any but the committed one would convict the honest.
    function test_openings_revertWhen_theLeafIsAnother() public {
        Case memory c = build(shape(), SEED);
        t = transfer(c, 1);
        Evidence memory e = evidence(c, 1, BadData.Header, 0);
        e.leaf = keccak256("another");
        expect(ITransferJudge.WrongLeaf.selector);
        judge.judge(t, e);
        e = evidence(c, 1, BadData.Header, 0);
        uint256 other = (indexOf(c, 1) + 1) % N;
        Evidence memory o = Payload.evidence(BadData.Header, other, 0, PER, c.cipher, c.tree);
        (e.leaf, e.leafPath) = (o.leaf, o.leafPath);
        expect(ITransferJudge.WrongLeaf.selector);
        judge.judge(t, e);
    }

    /// Roots, id, seed and key come from the market: with any of them changed honest openings lead elsewhere.
    function test_openings_areBoundToTheTransfer() public {
        Case memory c = build(shape(), SEED);
        t = transfer(c, 1);
        t.ctRoot ^= bytes32(uint256(1));
        Evidence memory e = evidence(c, 1, BadData.Start, 0);
        expect(ITransferJudge.WrongChunk.selector);
        judge.judge(t, e);

        t = transfer(c, 1);
        t.position = 0;
        expect(ITransferJudge.WrongChunk.selector);
        judge.judge(t, e);

        t = transfer(c, 1);
        t.testRoot ^= bytes32(uint256(1));
        e = evidence(c, 1, BadData.Header, 0);
        expect(ITransferJudge.WrongLeaf.selector);
        judge.judge(t, e);
    }

    function expect(bytes4 selector) private {
        vm.expectPartialRevert(selector);
    }
}
