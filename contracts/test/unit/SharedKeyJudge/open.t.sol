// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SharedKeyJudge} from "../../../src/SharedKeyJudge.sol";
import {ISharedKeyJudge} from "../../../src/interfaces/ISharedKeyJudge.sol";
import {Bn254} from "../../../src/libraries/Bn254.sol";
import {Statement} from "../../../src/libraries/Statement.sol";
import {TAG_DLEQ, TAG_SHARED} from "../../../src/libraries/Tags.sol";
import {Point, SharedSecret} from "../../../src/types/SharedKeyTypes.sol";
import {TestBase} from "../../base/TestBase.sol";

/// V31: what opens a delivery is the one point that both sides share, and nothing else passes for it.
contract SharedKeyOpenTest is TestBase {
    using Bn254 for Point;

    uint256 internal constant R = Statement.SCALAR_ORDER;
    bytes32 internal constant ID = keccak256("audit");
    uint256 internal constant M = 3;
    uint256 internal constant X = uint256(keccak256("x")) % R;
    uint256 internal constant S = uint256(keccak256("s")) % R;
    uint256 internal constant K = uint256(keccak256("k")) % R;

    SharedKeyJudge internal judge;
    Point internal key;
    Point internal ephemeral;

    function setUp() public {
        judge = new SharedKeyJudge();
        key = Bn254.generator().mul(X);
        ephemeral = Bn254.generator().mul(S);
    }

    // ---- a requester, from the text of the specification ----

    function challenge(bytes32 id, uint256 m, Point memory k, Point memory e, SharedSecret memory s)
        private
        pure
        returns (uint256)
    {
        bytes32 stream = keccak256(abi.encode(TAG_SHARED, id, m));
        return uint256(keccak256(abi.encode(TAG_DLEQ, stream, k, e, s.shared, s.commitG, s.commitE))) % R;
    }

    /// The proof about `shared` by who knows x, with any exponent for the first message.
    function prove(bytes32 id, uint256 m, uint256 x, Point memory e, Point memory shared, uint256 k)
        private
        view
        returns (SharedSecret memory s)
    {
        s.shared = shared;
        s.commitG = Bn254.generator().mul(k);
        s.commitE = e.mul(k);
        uint256 c = challenge(id, m, Bn254.generator().mul(x), e, s);
        s.response = addmod(k, mulmod(c, x, R), R);
    }

    function honest() private view returns (SharedSecret memory) {
        return prove(ID, M, X, ephemeral, ephemeral.mul(X), K);
    }

    function expectWrong() private {
        vm.expectRevert(abi.encodeWithSelector(ISharedKeyJudge.WrongSharedPoint.selector, ID, M));
    }

    function expectBadPoint(Point memory p) private {
        vm.expectRevert(abi.encodeWithSelector(Bn254.BadPoint.selector, p.x, p.y));
    }

    // ---- honest ----

    function test_open_givesStreamAndMasterOfBothSides() public view {
        (bytes32 stream, bytes32 master) = judge.open(ID, M, key, ephemeral, honest());
        assertEq(stream, keccak256(abi.encode(TAG_SHARED, ID, M)), "stream");
        // The responder computes S from its own secret.
        Point memory shared = key.mul(S);
        assertEq(master, keccak256(abi.encode(TAG_SHARED, ID, M, shared.x, shared.y)), "master");
    }

    function testFuzz_open_acceptsEveryHonestProof(uint256 x, uint256 s, uint256 k, bytes32 id, uint256 m) public view {
        (x, s, k) = (bound(x, 1, R - 1), bound(s, 1, R - 1), bound(k, 1, R - 1));
        Point memory e = Bn254.generator().mul(s);
        Point memory shared = e.mul(x);
        SharedSecret memory secret = prove(id, m, x, e, shared, k);
        (, bytes32 master) = judge.open(id, m, Bn254.generator().mul(x), e, secret);
        // The responder computes it from its own secret.
        shared = Bn254.generator().mul(x).mul(s);
        assertEq(master, keccak256(abi.encode(TAG_SHARED, id, m, shared.x, shared.y)), "master");
    }

    /// Careless points of a responder weaken nobody else: E equal to G or to the key has its one shared point too.
    function test_open_ofUnusualEphemerals() public view {
        Point memory g = Bn254.generator();
        (, bytes32 master) = judge.open(ID, M, key, g, prove(ID, M, X, g, key, K));
        assertEq(master, keccak256(abi.encode(TAG_SHARED, ID, M, key.x, key.y)), "E = G: the key itself");
        Point memory square = key.mul(X);
        (, master) = judge.open(ID, M, key, key, prove(ID, M, X, key, square, K));
        assertEq(master, keccak256(abi.encode(TAG_SHARED, ID, M, square.x, square.y)), "E = key");
        Point memory inverse = Point(key.x, Bn254.BASE_ORDER - key.y);
        (, master) = judge.open(ID, M, key, inverse, prove(ID, M, X, inverse, inverse.mul(X), K));
        assertTrue(master != keccak256(abi.encode(TAG_SHARED, ID, M, square.x, square.y)), "E = -key is another");
    }

    function test_open_ofTheLargestScalars() public view {
        uint256 x = R - 1;
        Point memory k = Bn254.generator().mul(x);
        Point memory e = Bn254.generator().mul(R - 2);
        judge.open(ID, M, k, e, prove(ID, M, x, e, e.mul(x), R - 1));
    }

    // ---- another point ----

    function test_open_revertsWhen_theSharedPointIsAnother() public {
        Point memory right = ephemeral.mul(X);
        Point[5] memory wrong =
            [ephemeral.mul(X + 1), Point(right.x, Bn254.BASE_ORDER - right.y), key, ephemeral, Bn254.generator()];
        for (uint256 i = 0; i < 5; ++i) {
            // With a proof made for it, by who knows x, and with the proof of the right one.
            SharedSecret memory s = prove(ID, M, X, ephemeral, wrong[i], K);
            expectWrong();
            judge.open(ID, M, key, ephemeral, s);
            s = honest();
            s.shared = wrong[i];
            expectWrong();
            judge.open(ID, M, key, ephemeral, s);
        }
    }

    function testFuzz_open_refusesEveryOtherPoint(uint256 t, uint256 k) public {
        (t, k) = (bound(t, 1, R - 1), bound(k, 1, R - 1));
        vm.assume(t != X);
        SharedSecret memory s = prove(ID, M, X, ephemeral, ephemeral.mul(t), k);
        expectWrong();
        judge.open(ID, M, key, ephemeral, s);
    }

    /// A responder that knows the logarithm of E, or anybody that does not know x, cannot show a point either.
    function test_open_revertsWhen_theKeyIsAnothers() public {
        uint256 other = X + 1;
        SharedSecret memory s = prove(ID, M, other, ephemeral, ephemeral.mul(other), K);
        expectWrong();
        judge.open(ID, M, key, ephemeral, s);
        s = prove(ID, M, S, key, key.mul(S), K);
        expectWrong();
        judge.open(ID, M, key, ephemeral, s);
        // It is what it says it is, for the delivery with E and key exchanged.
        judge.open(ID, M, ephemeral, key, s);
    }

    /// The first message in the second place: each equation is about its own base.
    function test_open_revertsWhen_onlyOneEquationHolds() public {
        SharedSecret memory s;
        s.shared = ephemeral.mul(X + 1);
        s.commitG = Bn254.generator().mul(K);
        // Chosen after the challenge it enters, so it cannot be the right one; the first equation holds.
        s.commitE = ephemeral.mul(K);
        s.response = addmod(K, mulmod(challenge(ID, M, key, ephemeral, s), X, R), R);
        assertTrue(
            Bn254.generator().mul(s.response).equal(s.commitG.add(key.mul(challenge(ID, M, key, ephemeral, s)))),
            "the first holds"
        );
        expectWrong();
        judge.open(ID, M, key, ephemeral, s);

        // And the second alone: S belongs to x + 1, which the key does not.
        s.response = addmod(K, mulmod(challenge(ID, M, key, ephemeral, s), X + 1, R), R);
        assertTrue(
            ephemeral.mul(s.response).equal(s.commitE.add(s.shared.mul(challenge(ID, M, key, ephemeral, s)))),
            "the second holds"
        );
        expectWrong();
        judge.open(ID, M, key, ephemeral, s);
    }

    function test_open_revertsWhen_pointsAreSwapped() public {
        SharedSecret memory s = honest();
        (s.commitG, s.commitE) = (s.commitE, s.commitG);
        expectWrong();
        judge.open(ID, M, key, ephemeral, s);
        s = honest();
        (s.shared, s.commitE) = (s.commitE, s.shared);
        expectWrong();
        judge.open(ID, M, key, ephemeral, s);
        s = honest();
        expectWrong();
        judge.open(ID, M, ephemeral, key, s);
    }

    function test_open_revertsWhen_anyPointIsTheNegative() public {
        for (uint256 i = 0; i < 2; ++i) {
            SharedSecret memory s = honest();
            if (i == 0) s.commitG.y = Bn254.BASE_ORDER - s.commitG.y;
            else s.commitE.y = Bn254.BASE_ORDER - s.commitE.y;
            expectWrong();
            judge.open(ID, M, key, ephemeral, s);
        }
    }

    // ---- another demand ----

    function test_open_revertsWhen_theProofIsForAnotherDemand() public {
        SharedSecret memory s = honest();
        vm.expectRevert(abi.encodeWithSelector(ISharedKeyJudge.WrongSharedPoint.selector, ID, M + 1));
        judge.open(ID, M + 1, key, ephemeral, s);
        bytes32 other = keccak256("another audit");
        vm.expectRevert(abi.encodeWithSelector(ISharedKeyJudge.WrongSharedPoint.selector, other, M));
        judge.open(other, M, key, ephemeral, s);
        Point memory e = Bn254.generator().mul(S + 1);
        expectWrong();
        judge.open(ID, M, key, e, s);
    }

    // ---- encodings ----

    function test_open_revertsWhen_theResponseIsAnother() public {
        SharedSecret memory s = honest();
        s.response = addmod(s.response, 1, R);
        expectWrong();
        judge.open(ID, M, key, ephemeral, s);
        s.response = 0;
        expectWrong();
        judge.open(ID, M, key, ephemeral, s);
        s.response = R - 1;
        expectWrong();
        judge.open(ID, M, key, ephemeral, s);
    }

    /// The precompiled contracts take scalars of any size: zeta + r is the same multiple, and would be a second proof.
    function test_open_revertsWhen_theResponseIsNotReduced() public {
        SharedSecret memory s = honest();
        s.response += R;
        vm.expectRevert(abi.encodeWithSelector(Statement.NotCanonical.selector, s.response));
        judge.open(ID, M, key, ephemeral, s);
        s.response = R;
        vm.expectRevert(abi.encodeWithSelector(Statement.NotCanonical.selector, R));
        judge.open(ID, M, key, ephemeral, s);
    }

    /// With infinity for S and A2, zeta·E = A2 + c·S would hold for zeta = 0, whatever the key: no place takes it.
    function test_open_revertsWhen_aPointIsNone() public {
        Point[4] memory bad = [Point(0, 0), Point(1, 1), Point(1 + Bn254.BASE_ORDER, 2), Point(1, 2 + Bn254.BASE_ORDER)];
        for (uint256 i = 0; i < 4; ++i) {
            SharedSecret memory s = honest();
            expectBadPoint(bad[i]);
            judge.open(ID, M, bad[i], ephemeral, s);
            expectBadPoint(bad[i]);
            judge.open(ID, M, key, bad[i], s);
            s.shared = bad[i];
            expectBadPoint(bad[i]);
            judge.open(ID, M, key, ephemeral, s);
            s = honest();
            s.commitG = bad[i];
            expectBadPoint(bad[i]);
            judge.open(ID, M, key, ephemeral, s);
            s = honest();
            s.commitE = bad[i];
            expectBadPoint(bad[i]);
            judge.open(ID, M, key, ephemeral, s);
        }
    }

    function test_requirePoint_acceptsPointsOnly() public {
        judge.requirePoint(key);
        judge.requirePoint(Bn254.generator());
        expectBadPoint(Point(0, 0));
        judge.requirePoint(Point(0, 0));
        expectBadPoint(Point(1, 3));
        judge.requirePoint(Point(1, 3));
    }

    // ---- gas ----

    function test_gas_ofOpen() public {
        SharedSecret memory s = honest();
        (Point memory k, Point memory e) = (key, ephemeral);
        vm.cool(address(judge));
        uint256 used = gasleft();
        judge.open(ID, M, k, e, s);
        used -= gasleft();
        assertLe(used, 43_000, "open");
        vm.cool(address(judge));
        used = gasleft();
        judge.requirePoint(k);
        used -= gasleft();
        assertLe(used, 5000, "requirePoint");
    }
}
