#!/usr/bin/env bash
# The sweep of register-file.sh under GNU parallel: as many runs at a time as there are cores, and a
# job log from which an interrupted sweep goes on (run the script again).
set -euo pipefail
export needletail=${NEEDLETAIL:-needletail} traces=$(dirname "$0")/../../Traces
export out=${1:?usage: parallel.sh FOLDER}
mkdir -p "$out"
run() {
  set -euo pipefail
  result=$out/$1-$2-$3-$4
  "$needletail" run "$traces/$1.sass" --quiet --csv - --set sm.registerFile.readPorts="$2" \
    --set sm.registerFile.cache="$3" --set sm.frontEnd.prefetcher.lines="$4" |
    sed "1s/^/ports,rfc,prefetch,/; 2,\$s/^/$2,$3,$4,/" >"$result.partial"
  mv "$result.partial" "$result.csv"
}
export -f run
SHELL=$BASH parallel --will-cite --joblog "$out/log" --resume-failed run \
  ::: fma-throughput long-code shared-reduction tensor-tile vector-add ::: 1 2 ::: true false ::: 1 4 16
awk 'FNR > 1 || NR == 1' "$out"/*.csv
