//! Harness of the end-to-end stories.
