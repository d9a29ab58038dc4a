#!/bin/sh
# K20: dieharder over the stream that the simulation draws, in the order in which it is drawn.
#   benches/peers/dieharder.sh [GIB] [SEED]
# All tests of dieharder 3.31.1 over at least 64 GiB, or as many as are asked for; a test that needs
# more than is left of the stream ends with an error of dieharder's. WEAK in one of twenty results
# is what chance brings; FAILED is not.
set -eu
gib=${1:-64}
seed=${2:-1}
cd "$(dirname "$0")/../.."
cargo build --release --benches
# The newest of the compiled files is the one that was just built.
stream=$(ls -t target/release/deps/random_stream-* "${CARGO_TARGET_DIR:-target}"/release/deps/random_stream-* 2>/dev/null | grep -v '\.d$' | head -n 1)
"$stream" --write "$gib" --seed "$seed" | dieharder -a -g 200 -k 2 -Y 1
