#!/bin/sh
# Runs the three timed fits and, in the same run, R's nlme::gls on the same data and model (Debian: r-base-core, r-cran-nlme).
# Prints CPU seconds of both and their ratio. Usage: crates/stats/benches/peer.sh, from the root of the project.
set -eu
here=$(dirname "$0")
cargo build --quiet --release -p stats --example timing
timing="${CARGO_TARGET_DIR:-target}/release/examples/timing"
printf '%-22s %-14s %12s %12s %8s\n' fit inference 'here, s' 'gls, s' ratio
while read -r name method repeats; do
  ours=$("$timing" "$name" "$method" "$repeats")
  theirs=$(Rscript "$here/peer.R" "$name" | cut -d' ' -f1)
  awk -v n="$name" -v m="$method" -v a="$ours" -v b="$theirs" 'BEGIN { if (b > 0) printf "%-22s %-14s %12.6f %12.3f %8.0f\n", n, m, a, b, b / a; else printf "%-22s %-14s %12.6f %12s %8s\n", n, m, a, "no fit", "-" }'
done <<LIST
p01_us_reml_main kenward-roger 300
p07_us_reml_n5000 satterthwaite 10
p10_us_reml_n1000x8 kenward-roger 10
LIST
