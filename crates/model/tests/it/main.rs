//! Properties of the rules, tested with random inputs.
//!
//! A failed test prints its seed; `LIFEBOAT_SEED=7 LIFEBOAT_ROUNDS=100` runs 100 rounds from that seed.

mod random;
