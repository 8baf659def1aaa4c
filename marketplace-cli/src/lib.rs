//! The marketplace from the command line.
