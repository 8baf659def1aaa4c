//! The identities that the quotient must satisfy, in the order in which halo2 folds them with `y`.

use halo2_proofs::{
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::Field,
    },
    plonk::{Expression, VerifyingKey},
};

use crate::{
    error::GenerateError,
    expr::{delta_pow, Graph, Id},
    plan::Plan,
    protocol::{column_poly, Poly, Protocol, Query, Squeezed},
};

/// One identity with what it is about, for a comment in the contract.
#[derive(Debug)]
pub(crate) struct Constraint {
    pub(crate) what: String,
    pub(crate) value: Id,
}

/// All identities: gates, copy constraints, lookups.
pub(crate) fn constraints(
    vk: &VerifyingKey<G1Affine>,
    protocol: &Protocol,
    plan: &Plan,
    graph: &mut Graph,
) -> Result<Vec<Constraint>, GenerateError> {
    let mut builder = Builder {
        vk,
        protocol,
        plan,
        graph,
        out: vec![],
    };
    builder.gates()?;
    builder.permutation()?;
    builder.lookups()?;
    Ok(builder.out)
}

struct Builder<'a> {
    vk: &'a VerifyingKey<G1Affine>,
    protocol: &'a Protocol,
    plan: &'a Plan,
    graph: &'a mut Graph,
    out: Vec<Constraint>,
}

impl Builder<'_> {
    fn push(&mut self, what: impl Into<String>, value: Id) {
        self.out.push(Constraint {
            what: what.into(),
            value,
        });
    }

    fn gates(&mut self) -> Result<(), GenerateError> {
        for gate in self.vk.cs().gates() {
            for (i, polynomial) in gate.polynomials().iter().enumerate() {
                let what = format!("gate {}: {} {i}", gate.name(), gate.constraint_name(i));
                let value = self.expression(polynomial, &what)?;
                self.push(what, value);
            }
        }
        Ok(())
    }

    /// Copy constraints: products over chunks of columns, chained from the first to the last.
    fn permutation(&mut self) -> Result<(), GenerateError> {
        let columns = self.vk.cs().permutation().get_columns();
        let chunk_len = self.protocol.permutation_chunk;
        let count = columns.len().div_ceil(chunk_len);
        if count == 0 {
            return Ok(());
        }
        let what = |which: &str| format!("permutation: {which}");
        let product = Poly::PermutationProduct;

        let first = self.eval(product(0), 0, "permutation")?;
        let value = self.starts_at_one(first);
        self.push(what("first product starts at one"), value);
        let last = self.eval(product(count - 1), 0, "permutation")?;
        let value = self.ends_in_bit(last);
        self.push(what("last product ends in zero or one"), value);
        let last_row = -(self.protocol.blinding_factors as i32 + 1);
        for i in 1..count {
            let (here, before) = (
                self.eval(product(i), 0, "permutation")?,
                self.eval(product(i - 1), last_row, "permutation")?,
            );
            let difference = self.graph.sub(here, before);
            let l_first = self.l_first();
            let value = self.graph.mul(difference, l_first);
            self.push(what(&format!("product {i} continues product {}", i - 1)), value);
        }
        for (i, chunk) in columns.chunks(chunk_len).enumerate() {
            let mut left = self.eval(product(i), 1, "permutation")?;
            let mut right = self.eval(product(i), 0, "permutation")?;
            for (j, column) in chunk.iter().enumerate() {
                let position = i * chunk_len + j;
                let value = self.eval(column_poly(column), 0, "permutation")?;
                let sigma = self.eval(Poly::Sigma(position), 0, "permutation")?;
                let identity = self.identity(position);
                left = self.times_permuted(left, value, sigma);
                right = self.times_permuted(right, value, identity);
            }
            let value = self.on_active_rows(left, right);
            self.push(what(&format!("product {i} steps")), value);
        }
        Ok(())
    }

    fn lookups(&mut self) -> Result<(), GenerateError> {
        for (i, lookup) in self.vk.cs().lookups().iter().enumerate() {
            let name = format!("lookup {i} {}", lookup.name());
            let product = self.eval(Poly::LookupProduct(i), 0, &name)?;
            let product_next = self.eval(Poly::LookupProduct(i), 1, &name)?;
            let input = self.eval(Poly::LookupInput(i), 0, &name)?;
            let input_before = self.eval(Poly::LookupInput(i), -1, &name)?;
            let table = self.eval(Poly::LookupTable(i), 0, &name)?;

            let value = self.starts_at_one(product);
            self.push(format!("{name}: product starts at one"), value);
            let value = self.ends_in_bit(product);
            self.push(format!("{name}: product ends in zero or one"), value);

            let (beta, gamma) = (self.challenge(Squeezed::Beta), self.challenge(Squeezed::Gamma));
            let left = self.times_sum(product_next, input, beta);
            let left = self.times_sum(left, table, gamma);
            let inputs = self.compress(lookup.input_expressions(), &name)?;
            let tables = self.compress(lookup.table_expressions(), &name)?;
            let right = self.times_sum(product, inputs, beta);
            let right = self.times_sum(right, tables, gamma);
            let value = self.on_active_rows(left, right);
            self.push(format!("{name}: product steps"), value);

            let to_table = self.graph.sub(input, table);
            let l_first = self.l_first();
            let value = self.graph.mul(l_first, to_table);
            self.push(format!("{name}: first input is first table entry"), value);
            let to_before = self.graph.sub(input, input_before);
            let (value, active) = (self.graph.mul(to_table, to_before), self.active());
            let value = self.graph.mul(value, active);
            self.push(format!("{name}: input repeats or meets the table"), value);
        }
        Ok(())
    }

    /// `l_0 · (1 − z)`
    fn starts_at_one(&mut self, z: Id) -> Id {
        let one = self.graph.constant(Fr::ONE);
        let (difference, l_first) = (self.graph.sub(one, z), self.l_first());
        self.graph.mul(l_first, difference)
    }

    /// `l_last · (z² − z)`
    fn ends_in_bit(&mut self, z: Id) -> Id {
        let square = self.graph.mul(z, z);
        let (difference, l_last) = (self.graph.sub(square, z), self.l_last());
        self.graph.mul(l_last, difference)
    }

    /// `(left − right) · (1 − (l_last + l_blind))`
    fn on_active_rows(&mut self, left: Id, right: Id) -> Id {
        let (difference, active) = (self.graph.sub(left, right), self.active());
        self.graph.mul(difference, active)
    }

    /// `acc · (value + β·label + γ)`
    fn times_permuted(&mut self, acc: Id, value: Id, label: Id) -> Id {
        let (beta, gamma) = (self.challenge(Squeezed::Beta), self.challenge(Squeezed::Gamma));
        let label = self.graph.mul(beta, label);
        let sum = self.graph.add(value, label);
        self.times_sum(acc, sum, gamma)
    }

    /// `acc · (a + b)`
    fn times_sum(&mut self, acc: Id, a: Id, b: Id) -> Id {
        let sum = self.graph.add(a, b);
        self.graph.mul(acc, sum)
    }

    /// `δ^position · x`, the label of a cell under the identity permutation.
    fn identity(&mut self, position: usize) -> Id {
        let (x, delta) = (self.challenge(Squeezed::X), self.graph.constant(delta_pow(position)));
        self.graph.mul(x, delta)
    }

    fn l_first(&mut self) -> Id {
        self.graph.load(self.plan.lagrange(0))
    }

    fn l_last(&mut self) -> Id {
        self.graph
            .load(self.plan.lagrange(-(self.protocol.blinding_factors as i32 + 1)))
    }

    /// `1 − (l_last + l_blind)`
    fn active(&mut self) -> Id {
        let rows = -(self.protocol.blinding_factors as i32 + 1)..0;
        let rows: Vec<Id> = rows.map(|row| self.graph.load(self.plan.lagrange(row))).collect();
        let (one, inactive) = (self.graph.constant(Fr::ONE), self.graph.sum(rows));
        self.graph.sub(one, inactive)
    }

    /// `(…(e_0·θ + e_1)·θ + …) + e_last`
    fn compress(&mut self, expressions: &[Expression<Fr>], what: &str) -> Result<Id, GenerateError> {
        let theta = self.challenge(Squeezed::Theta);
        let mut acc = self.graph.constant(Fr::ZERO);
        for expression in expressions {
            let value = self.expression(expression, what)?;
            acc = self.graph.mul(acc, theta);
            acc = self.graph.add(acc, value);
        }
        Ok(acc)
    }

    fn expression(&mut self, expression: &Expression<Fr>, what: &str) -> Result<Id, GenerateError> {
        match expression {
            Expression::Constant(value) => Ok(self.graph.constant(*value)),
            Expression::Selector(_) => Err(GenerateError::VirtualSelector { what: what.into() }),
            Expression::Fixed(query) => self.eval(Poly::Fixed(query.column_index()), query.rotation().0, what),
            Expression::Advice(query) => self.eval(Poly::Advice(query.column_index()), query.rotation().0, what),
            Expression::Instance(query) => self.eval(Poly::Instance, query.rotation().0, what),
            Expression::Challenge(challenge) => Ok(self.challenge(Squeezed::Circuit(challenge.index()))),
            Expression::Negated(a) => {
                let a = self.expression(a, what)?;
                Ok(self.graph.neg(a))
            }
            Expression::Sum(a, b) => {
                let (a, b) = (self.expression(a, what)?, self.expression(b, what)?);
                Ok(self.graph.add(a, b))
            }
            Expression::Product(a, b) => {
                let (a, b) = (self.expression(a, what)?, self.expression(b, what)?);
                Ok(self.graph.mul(a, b))
            }
            Expression::Scaled(a, by) => {
                let (a, by) = (self.expression(a, what)?, self.graph.constant(*by));
                Ok(self.graph.mul(a, by))
            }
        }
    }

    fn eval(&mut self, poly: Poly, rotation: i32, what: &str) -> Result<Id, GenerateError> {
        match self.plan.eval(Query { poly, rotation }) {
            Some(address) => Ok(self.graph.load(address)),
            None => Err(GenerateError::NotOpened {
                what: what.into(),
                poly: poly.to_string(),
                rotation,
            }),
        }
    }

    fn challenge(&mut self, challenge: Squeezed) -> Id {
        self.graph.load(self.plan.challenge(challenge))
    }
}
