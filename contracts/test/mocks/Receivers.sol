// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICredits} from "../../src/interfaces/ICredits.sol";

/// Refuses every payment.
contract RefusingReceiver {
    receive() external payable {
        revert("refused");
    }
}

/// Calls back with `data` when it is paid, and keeps the answer.
contract ReenteringReceiver {
    address public target;
    bytes public data;
    bool public called;
    bool public succeeded;
    bytes public answer;

    function arm(address newTarget, bytes calldata newData) external {
        target = newTarget;
        data = newData;
    }

    /// Makes this contract the caller, so that it may be a party.
    function act(address to, uint256 value, bytes calldata call) external payable returns (bytes memory) {
        (bool ok, bytes memory result) = to.call{value: value}(call);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
        return result;
    }

    function withdrawFrom(ICredits from) external returns (uint256) {
        return from.withdraw(payable(address(this)));
    }

    receive() external payable {
        if (target == address(0)) return;
        called = true;
        (succeeded, answer) = target.call(data);
    }
}
