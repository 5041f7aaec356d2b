//! How the programs are linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A hundred tenders run at once, and each would pay for relocating itself.
    println!("cargo::rustc-link-arg-bin=fleet-tender=-no-pie");
}
