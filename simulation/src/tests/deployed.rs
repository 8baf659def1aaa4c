//! A deployment to play on.

use crate::bytecode::Bytecode;
use crate::site::Site;
use crate::terms::Terms;
use crate::world::World;
use assay_chain::artefact::creation_code;

pub(super) fn code() -> Bytecode {
    Bytecode::load(|contract, libraries| creation_code(contract, libraries, &[])).expect("they are part of the program")
}

pub(super) fn world() -> World {
    World::new(&Site::new(&code(), Terms::cheap_gas()).unwrap(), [7; 32])
}
