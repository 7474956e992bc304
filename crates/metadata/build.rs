//! Rebuilds when a migration is added: they are read by a macro, which cargo does not see through.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
