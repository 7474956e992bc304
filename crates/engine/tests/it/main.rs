//! The engine from outside: a small flow, a world that counts what is done to it, and everything that can go
//! wrong in between.

mod crashes;
mod demo;
mod journal;
