//! The rules that one sentence covers for all inputs, with inputs at random.
//!
//! A failed test prints its seed; `LIFEBOAT_SEED=7 LIFEBOAT_ROUNDS=100` runs many from there.

mod random;
