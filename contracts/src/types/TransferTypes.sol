// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// What evidence shows about one example (C1, C2, C3 of protocols 7.4).
///
/// `Header`: the header does not open the committed test leaf. `Start`: the first chain value does not follow from the
/// input salt. `Step`: a data chunk holds a word that is not canonical, or the next chain value does not follow from it.
enum BadData {
    Header,
    Start,
    Step
}

/// The sizes that cut a transfer into chunks (`Chunks`).
struct Shape {
    /// N: examples of the set, at least 1.
    uint256 examples;
    /// L: 31-byte words of one input, at least 1.
    uint256 inputWords;
    /// w: message words of one data chunk, a positive multiple of rho.
    uint256 wordsPerChunk;
}

/// What an adjudicator knows of the transfer that it asks about.
struct Transfer {
    /// Engagement: part of every keystream word.
    bytes32 id;
    bytes32 testRoot;
    bytes32 ctRoot;
    /// Domain tag of a test leaf.
    bytes32 leafTag;
    /// Seed of the shuffle; zero if positions are dataset indices.
    bytes32 seed;
    /// The accused example, 0..N-1; its dataset index follows from the seed.
    uint256 position;
    Shape shape;
    /// Key of record of this example, or the master key it derives from.
    bytes32 key;
    bool isMaster;
}

/// One chunk of the ciphertext with its path to ctRoot, siblings from the leaf upward.
struct ChunkOpening {
    bytes32[] cipherWords;
    bytes32[] path;
}

/// What an accuser supplies. Unused fields stay empty.
struct Evidence {
    BadData claim;
    /// Step: the data chunk j, 0..L'-1, that is wrong or is not continued.
    uint256 chunk;
    /// Header, Start: the header. Step: data chunk j.
    ChunkOpening first;
    /// Start: data chunk 0. Step: data chunk j + 1, for the last j the header; empty if a word of chunk j is enough.
    ChunkOpening second;
    /// Header: the leaf that testRoot commits to at the dataset index, and its path.
    bytes32 leaf;
    bytes32[] leafPath;
}
