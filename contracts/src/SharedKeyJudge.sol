// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISharedKeyJudge} from "./interfaces/ISharedKeyJudge.sol";
import {AuditStatement} from "./libraries/AuditStatement.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {Statement} from "./libraries/Statement.sol";
import {Point, SharedSecret} from "./types/SharedKeyTypes.sol";

/// @title Points of a key agreement, and what they agree on
/// @notice The proof is that of Chaum and Pedersen (1992), made non-interactive as Fiat and Shamir (1986) did.
contract SharedKeyJudge is ISharedKeyJudge {
    using Bn254 for Point;

    /// @inheritdoc ISharedKeyJudge
    function requirePoint(Point calldata point) external pure {
        point.requireValid();
    }

    /// @inheritdoc ISharedKeyJudge
    function open(bytes32 id, uint256 m, Point calldata key, Point calldata ephemeral, SharedSecret calldata secret)
        external
        view
        returns (bytes32 stream, bytes32 master)
    {
        key.requireValid();
        ephemeral.requireValid();
        secret.shared.requireValid();
        secret.commitG.requireValid();
        secret.commitE.requireValid();
        Statement.requireCanonical(secret.response);

        stream = AuditStatement.streamId(id, m);
        uint256 c = AuditStatement.dleqChallenge(stream, key, ephemeral, secret);
        bool sameLog = _isResponse(secret.response, c, Bn254.generator(), secret.commitG, key)
            && _isResponse(secret.response, c, ephemeral, secret.commitE, secret.shared);
        require(sameLog, WrongSharedPoint(id, m));
        master = AuditStatement.masterKey(id, m, secret.shared);
    }

    /// Whether response·base = commitment + c·image.
    function _isResponse(uint256 response, uint256 c, Point memory base, Point memory commitment, Point memory image)
        private
        view
        returns (bool)
    {
        return base.mul(response).equal(commitment.add(image.mul(c)));
    }
}
