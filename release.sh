#!/usr/bin/env bash
# Builds clawgate with a profile of its own work: the compiler then knows which paths are taken and
# puts their code together. Costs two builds and a minute of load; the usual build needs none of it.
#
#   ./release.sh          → target/profiled/clawgate
#
# Needs llvm-profdata: `rustup component add llvm-tools`, or a package of LLVM, version 19 or later.
set -euo pipefail
cd "$(dirname "$0")"

root=$(rustc --print sysroot)
host=$(rustc -vV | sed -n 's/^host: //p')
target=${CARGO_TARGET_DIR:-target}

profdata() {
  local tool
  for tool in "$root/lib/rustlib/$host/bin/llvm-profdata" llvm-profdata-{2[0-9],19} llvm-profdata; do
    if command -v "$tool" >/dev/null; then
      "$tool" "$@"
      return
    fi
  done
  echo 'release.sh: llvm-profdata is missing: rustup component add llvm-tools' >&2
  exit 1
}

clawgate() { # RUSTFLAGS
  # With --target the flags are for the program alone, not for what runs while it is built.
  RUSTFLAGS="$1" cargo build --release --target "$host" --bin clawgate
}

profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT

profdata --version >/dev/null
clawgate "-Cprofile-generate=$profile"
CLAWGATE="$target/$host/release/clawgate" cargo bench --bench relay -- --rounds 1 plain bursts
profdata merge --output "$profile/clawgate.profdata" "$profile"
# What the load never did is no mistake; the compiler would tell of each such function.
clawgate "-Cprofile-use=$profile/clawgate.profdata -Cllvm-args=-pgo-warn-missing-function=false"

mkdir -p "$target/profiled"
cp "$target/$host/release/clawgate" "$target/profiled/clawgate"
echo "$target/profiled/clawgate"
