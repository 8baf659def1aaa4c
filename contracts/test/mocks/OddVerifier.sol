// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAccuracyMarket} from "../../src/interfaces/IAccuracyMarket.sol";

/// A verifier that answers each call in one of the ways a caller must survive.
contract OddVerifier {
    enum Answer {
        One,
        Zero,
        Two,
        HighBitOne,
        Nothing,
        ShortOne,
        LongOne,
        Revert,
        RevertWithOne,
        BurnGas,
        ReenterTimeout
    }

    Answer public answer;
    IAccuracyMarket public market;
    bytes32 public id;

    function set(Answer next) external {
        answer = next;
    }

    function aim(IAccuracyMarket target, bytes32 engagementId) external {
        market = target;
        id = engagementId;
    }

    fallback() external {
        Answer a = answer;
        if (a == Answer.ReenterTimeout) {
            market.timeout(id);
            a = Answer.One;
        }
        if (a == Answer.BurnGas) while (true) {}
        assembly ("memory-safe") {
            mstore(0x00, 1)
            mstore(0x20, 0)
            switch a
            case 0 { return(0x00, 0x20) }
            case 1 { return(0x20, 0x20) }
            case 2 {
                mstore(0x00, 2)
                return(0x00, 0x20)
            }
            case 3 {
                mstore(0x00, or(1, shl(255, 1)))
                return(0x00, 0x20)
            }
            case 4 { return(0x00, 0x00) }
            case 5 { return(0x01, 0x1f) }
            case 6 { return(0x00, 0x40) }
            case 8 { revert(0x00, 0x20) }
            default { revert(0x00, 0x00) }
        }
    }
}
