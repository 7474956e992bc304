//! Rules that one sentence covers, tested with random inputs.
//!
//! A failed test prints its seed; `LIFEBOAT_SEED=7 LIFEBOAT_ROUNDS=100` runs many from there.

mod random;
