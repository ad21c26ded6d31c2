#!/bin/sh
# Every test: the workspace's own, then the official clients against the real gateway.
set -eu
cd "$(dirname "$0")"
cargo test --workspace
cargo build --bin clawgate
exec tests/clients/run "${CARGO_TARGET_DIR:-target}/debug/clawgate"
