//! Every policy that the project ships compiles without a finding.

use std::path::{Path, PathBuf};

use claw_lang::{compile, read_folder};
use claw_table::Table;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn check(folder: &Path) {
    let compiled = compile(read_folder(folder).unwrap());
    assert_eq!(
        compiled.report.human(),
        "no findings\n",
        "{}",
        folder.display()
    );
    let table = Table::open(
        &compiled
            .table
            .expect("a policy without findings has a table"),
    )
    .unwrap();
    assert!(table.policy().otherwise.is_some());
}

#[test]
fn every_shipped_policy_is_clean() {
    let mut folders = 0;
    for place in ["examples", "policies"] {
        for entry in std::fs::read_dir(root().join(place)).unwrap() {
            let folder = entry.unwrap().path();
            // Beside policies stand requests to try them with, and catalogs, which are no policies.
            let is_policy = folder.is_dir() && !folder.ends_with("catalog");
            if is_policy && !read_folder(&folder).unwrap().is_empty() {
                check(&folder);
                folders += 1;
            }
        }
    }
    assert!(folders >= 2);
}
