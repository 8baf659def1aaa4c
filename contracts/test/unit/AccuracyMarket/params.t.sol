// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AccuracyMarket} from "../../../src/AccuracyMarket.sol";
import {ModelRegistry} from "../../../src/ModelRegistry.sol";
import {ProofJudge} from "../../../src/ProofJudge.sol";
import {PublishedTransfers} from "../../../src/PublishedTransfers.sol";
import {TransferJudge} from "../../../src/TransferJudge.sol";
import {IAccuracyTerms} from "../../../src/interfaces/IAccuracyTerms.sol";
import {RegistryParams} from "../../../src/types/ModelTypes.sol";
import {TestBase} from "../../base/TestBase.sol";

/// The parameters as words, whatever structs they are in: 22 go into the constructor, 27 come out, and every offer names
/// their hash. `marketplace-cli/tests/abi.rs` has the same words and the same hash.
contract ParamsTest is TestBase {
    bytes32 private constant PINNED = 0x260044776307d4bdf196b6c655b1de16f1560a3dbcf18f9bac4aa33c5331b830;

    address private constant REGISTRY = address(0xa1);
    address private constant TREASURY = address(0xa2);
    address private constant PROOF_JUDGE = address(0xa3);
    address private constant TRANSFER_JUDGE = address(0xa4);
    address private constant PUBLICATION = address(0xa5);

    function test_params_areTheseWordsAndHaveThisHash() public {
        AccuracyMarket market = deploy();
        bytes memory expected = bytes.concat(
            abi.encode(REGISTRY, TREASURY, 1_000_003, 10_007, 101, 77_777, 3, 4, 10),
            abi.encode(7201, 10_802, 18_003, 11, 75_604),
            tail()
        );
        assertEq(expected.length, 27 * 32, "length");
        (, bytes memory words) = market.terms().staticcall(abi.encodeCall(IAccuracyTerms.params, ()));
        assertEq(keccak256(words), keccak256(expected), "words");
        assertEq(keccak256(bytes.concat(keccak256("assay.params.v1"), expected)), PINNED, "hash of the words");
        assertEq(market.PARAMS_HASH(), PINNED, "hash");
        assertEq(IAccuracyTerms(market.terms()).PARAMS_HASH(), PINNED, "hash of the terms");
    }

    /// From the judges on.
    function tail() private pure returns (bytes memory) {
        return bytes.concat(
            abi.encode(PROOF_JUDGE, TRANSFER_JUDGE, PUBLICATION, 8),
            abi.encode(4005, 4106, 4207, 4308, 4609, 4510, 13, 5002, 2)
        );
    }

    function deploy() private returns (AccuracyMarket market) {
        vm.etch(PROOF_JUDGE, address(new ProofJudge()).code);
        vm.etch(TRANSFER_JUDGE, address(new TransferJudge()).code);
        vm.etch(PUBLICATION, address(new PublishedTransfers()).code);
        ModelRegistry registry = new ModelRegistry(
            RegistryParams({
                priceInput: 1_000_003,
                n1: 3,
                faultStrikes: 10,
                unbondWindow: 75_604,
                treasury: TREASURY,
                accuracy: vm.computeCreateAddress(address(this), uint256(vm.getNonce(address(this))) + 1),
                prediction: address(0)
            })
        );
        vm.etch(REGISTRY, address(registry).code);
        bytes memory code = bytes.concat(
            type(AccuracyMarket).creationCode,
            abi.encode(REGISTRY, 10_007, 101, 77_777, 4, 7201, 10_802, 18_003, 11),
            tail()
        );
        assembly ("memory-safe") {
            market := create(0, add(code, 0x20), mload(code))
        }
        assertTrue(address(market) != address(0), "constructor");
    }
}
