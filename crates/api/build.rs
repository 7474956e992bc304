//! Lists the console's files for `src/console.rs`. Without a built console the list is empty; everything else works.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let console = manifest.join("../../console");
    let built = console.join("dist");
    let mut files = Vec::new();
    if built.is_dir() {
        collect(&built, &built, &mut files)?;
        println!("cargo:rerun-if-changed={}", built.display());
    } else {
        println!(
            "cargo:warning=without the console: build it with `npm ci && npm run build` in console/, then rebuild"
        );
        // Do not let cargo watch a missing folder: it would rebuild each time.
        println!("cargo:rerun-if-changed={}", console.display());
    }
    files.sort();
    let mut list = String::from("static FILES: Files = &[\n");
    for (name, path) in files {
        writeln!(list, "    ({name:?}, include_bytes!({path:?})),").expect("a String takes everything");
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("console_files.rs"), list)
}

/// Finds the files below a folder, with their paths relative to the root.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let (Ok(name), Some(full)) = (path.strip_prefix(root), path.to_str()) {
            files.push((name.to_string_lossy().replace('\\', "/"), full.to_owned()));
        }
    }
    Ok(())
}
