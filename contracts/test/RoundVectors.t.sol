// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Merkle} from "../src/libraries/Merkle.sol";
import {OutputWords} from "../src/libraries/OutputWords.sol";
import {ResultBitmap} from "../src/libraries/ResultBitmap.sol";
import {Statement} from "../src/libraries/Statement.sol";
import {TAG_ROUND_PARAMS} from "../src/libraries/Tags.sol";
import {Metric} from "../src/types/ModelTypes.sol";
import {PredictionParams, Privacy, QuietGas, RoundTerms, RoundWindows} from "../src/types/RoundTypes.sol";
import {TestBase} from "./base/TestBase.sol";

/// Calls the libraries as the market does.
contract RoundCaller {
    using OutputWords for OutputWords.Layout;

    function rootOf(uint256 predictions, Metric metric, Privacy privacy, bytes32 master, uint256[] calldata words)
        external
        pure
        returns (bytes32)
    {
        return OutputWords.planned(predictions, metric, privacy).root(master, words);
    }

    function outputAt(uint256 predictions, Metric metric, Privacy privacy, uint256 index, uint256 word)
        external
        pure
        returns (uint256)
    {
        return OutputWords.planned(predictions, metric, privacy).outputAt(index, word);
    }

    function lanes(uint256 predictions, Metric metric, Privacy privacy) external pure returns (uint256) {
        return OutputWords.planned(predictions, metric, privacy).lanes;
    }

    function offerHash(bytes32 id, address mc, RoundTerms calldata t, uint128 bond, bytes32 params)
        external
        pure
        returns (bytes32)
    {
        return Statement.roundOfferHash(id, mc, t, bond, params);
    }

    function roundId(bytes32 model, uint256 seq) external view returns (bytes32) {
        return Statement.roundId(model, seq);
    }

    function rootFrom(bytes32 leaf, uint256 index, uint256 n, bytes32[] calldata path) external pure returns (bytes32) {
        return Merkle.rootFrom(leaf, index, n, path);
    }

    function isIn(bytes calldata bitmap, uint256 p) external pure returns (bool) {
        return ResultBitmap.contains(bitmap, p);
    }
}

/// The contracts agree with the off-chain program, word for word. Its test `round_vectors` writes the file.
contract RoundVectorsTest is TestBase {
    string private constant PATH = "contracts/test/fixtures/round_vectors.json";

    RoundCaller private caller;

    function setUp() public {
        caller = new RoundCaller();
    }

    function test_identifiers() public {
        string memory json = vm.readFile(PATH);
        address market = vm.parseJsonAddress(json, ".identifiers.market");
        vm.etch(market, address(caller).code);
        bytes32 id = keccak256("round");
        assertEq(
            RoundCaller(market).roundId(keccak256("model"), 3),
            vm.parseJsonBytes32(json, ".identifiers.roundId"),
            "round id"
        );
        bytes32 params = keccak256(abi.encode(TAG_ROUND_PARAMS, paramsOf()));
        assertEq(params, vm.parseJsonBytes32(json, ".identifiers.paramsHash"), "parameters");
        assertEq(
            caller.offerHash(
                id, address(bytes20(hex"0909090909090909090909090909090909090909")), termsOf(), 77, params
            ),
            vm.parseJsonBytes32(json, ".identifiers.offerHash"),
            "offer"
        );
        assertEq(
            Statement.context(market, Statement.KIND_PREDICTION, id, 4095),
            uint256(vm.parseJsonBytes32(json, ".identifiers.context")),
            "context"
        );
    }

    function test_inputsAndSalts() public view {
        string memory json = vm.readFile(PATH);
        uint256 commit = uint256(vm.parseJsonBytes32(json, ".inputs.commit"));
        bytes32 leaf = Statement.inputLeaf(4, commit);
        assertEq(leaf, vm.parseJsonBytes32(json, ".inputs.leaf"), "leaf");
        bytes32[] memory path = vm.parseJsonBytes32Array(json, ".inputs.path");
        assertEq(caller.rootFrom(leaf, 4, 5, path), vm.parseJsonBytes32(json, ".inputs.root"), "root");
        bytes32 salt = Statement.outputSalt(keccak256("master"), 17);
        assertEq(salt, vm.parseJsonBytes32(json, ".output.salt"), "salt");
        assertEq(Statement.outputLeaf(17, 99, salt), vm.parseJsonBytes32(json, ".output.leaf"), "output leaf");
    }

    function test_outputs_ofEveryPackingAndSize() public view {
        string memory json = vm.readFile(PATH);
        uint256 cases = 0;
        for (; vm.keyExistsJson(json, key(cases, "")); ++cases) {
            checkOutputs(json, cases);
        }
        assertEq(cases, 54, "cases");
    }

    function test_bitmap() public view {
        string memory json = vm.readFile(PATH);
        bytes memory bitmap = vm.parseJsonBytes(json, ".bitmap.bytes");
        assertEq(bitmap.length, 38, "bytes");
        bytes32[] memory indices = vm.parseJsonBytes32Array(json, ".bitmap.indices");
        uint256 found = 0;
        for (uint256 p = 0; p < 300; ++p) {
            if (!caller.isIn(bitmap, p)) continue;
            assertEq(uint256(indices[found]), p, "index");
            ++found;
        }
        assertEq(found, indices.length, "indices");
    }

    function checkOutputs(string memory json, uint256 at) private view {
        Metric metric = Metric(vm.parseJsonUint(json, key(at, ".metric")));
        Privacy privacy = vm.parseJsonUint(json, key(at, ".private")) == 1 ? Privacy.PRIVATE : Privacy.PUBLIC;
        uint256 predictions = vm.parseJsonUint(json, key(at, ".predictions"));
        bytes32[] memory given = vm.parseJsonBytes32Array(json, key(at, ".words"));
        uint256[] memory words = new uint256[](given.length);
        for (uint256 w = 0; w < given.length; ++w) {
            words[w] = uint256(given[w]);
        }
        assertEq(
            caller.rootOf(predictions, metric, privacy, keccak256("master"), words),
            vm.parseJsonBytes32(json, key(at, ".root")),
            "root"
        );
        bytes32[] memory values = vm.parseJsonBytes32Array(json, key(at, ".values"));
        uint256 lanes = caller.lanes(predictions, metric, privacy);
        for (uint256 i = 0; i < predictions; ++i) {
            assertEq(caller.outputAt(predictions, metric, privacy, i, words[i / lanes]), uint256(values[i]), "output");
        }
    }

    function key(uint256 at, string memory field) private pure returns (string memory) {
        return string.concat(".outputs[", vm.toString(at), "]", field);
    }

    function termsOf() private pure returns (RoundTerms memory) {
        return RoundTerms({
            modelId: keccak256("model"),
            modelHash: keccak256("record"),
            inputRoot: keccak256("inputs"),
            predictions: 4096,
            contestCap: 59,
            mpDeposit: 118_000,
            price: 7,
            privacy: Privacy.PRIVATE,
            expiry: 1_800_000_000
        });
    }

    function paramsOf() private pure returns (PredictionParams memory) {
        return PredictionParams({
            registry: address(bytes20(hex"0101010101010101010101010101010101010101")),
            treasury: address(bytes20(hex"0202020202020202020202020202020202020202")),
            judge: address(bytes20(hex"0303030303030303030303030303030303030303")),
            priceProof: 1000,
            fee: 5,
            answerGas: 1_000_000,
            quiet: QuietGas(1, 2, 3),
            windows: RoundWindows(10, 11, 12, 13, 14),
            unbondWindow: 15
        });
    }
}
