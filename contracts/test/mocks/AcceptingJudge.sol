// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IProofJudge} from "../../src/interfaces/IProofJudge.sol";
import {Claim, ProofItem} from "../../src/types/MarketTypes.sol";

/// Accepts every item: for tests of time and money, where proofs are not the question.
contract AcceptingJudge is IProofJudge {
    function check(Claim calldata, ProofItem calldata) external pure {}
}
