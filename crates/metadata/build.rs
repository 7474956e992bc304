//! Rebuilds the crate when a migration is added: a macro reads the migrations, which cargo does not notice by itself.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
