//! A deployment to play on.

use crate::bytecode::Bytecode;
use crate::site::Site;
use crate::terms::Terms;
use crate::world::World;
use assay_chain::creation::creation_code;
use assay_chain::repository::Repository;

pub(super) fn code() -> Bytecode {
    let repository = Repository::at(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    Bytecode::load(|contract, libraries| creation_code(&repository, contract, libraries, Vec::new()))
        .expect("scripts/forge build has run")
}

pub(super) fn world() -> World {
    World::new(&Site::new(&code(), Terms::cheap_gas()).unwrap(), [7; 32])
}
