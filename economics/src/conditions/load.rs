//! I12 and I13 of a provider.

use super::condition::Condition;
use crate::cost::Proof;
use crate::rounds::capacity;
use crate::words::number;

/// What a provider has promised of its model's proofs and of its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Proofs that the model still carries.
    pub proofs_left: u64,
    /// Proofs that may be asked for in all open rounds and engagements together.
    pub promised: u64,
    /// Seconds of the shortest window to respond.
    pub respond_seconds: u64,
}

/// I12 and I13.
pub fn load(load: &Load, proof: Proof) -> Vec<Condition> {
    let (promised, within) = (load.promised as f64, capacity(load.respond_seconds, proof.seconds));
    let budget = format!(
        "{} proofs may be asked for, and the model carries {} more",
        load.promised, load.proofs_left
    );
    let speed = format!(
        "{} proofs may be asked for at once, and half of {} s is enough for {within} of {} s",
        load.promised,
        load.respond_seconds,
        number(proof.seconds)
    );
    vec![
        Condition::at_least("I12", load.proofs_left as f64, promised, [budget.clone(), budget]),
        Condition::at_least("I13", within as f64, promised, [speed.clone(), speed]),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::condition::failing;
    use super::super::costs::of_the_page;
    use super::*;

    #[test]
    fn every_load_condition_fails_where_it_should() {
        let loads = |proofs_left, promised| {
            let case = Load {
                proofs_left,
                promised,
                respond_seconds: 86_400,
            };
            failing(&load(&case, of_the_page().proof))
        };
        assert_eq!(
            [loads(8197, 900), loads(899, 900), loads(8197, 901)],
            ["", "I12", "I13"]
        );
    }
}
