#!/usr/bin/env bash
# Register-file ports × register-file cache × prefetch depth over five traces: a table of cycles.
set -euo pipefail
needletail=${NEEDLETAIL:-needletail}
traces=$(dirname "$0")/../../Traces
echo "trace,ports,rfc,prefetch,cycles"
for trace in fma-throughput long-code shared-reduction tensor-tile vector-add; do
  for ports in 1 2; do
    for rfc in true false; do
      for prefetch in 1 4 16; do
        cycles=$("$needletail" run "$traces/$trace.sass" --quiet --csv - \
          --set sm.registerFile.readPorts=$ports --set sm.registerFile.cache=$rfc \
          --set sm.frontEnd.prefetcher.lines=$prefetch |
          sed 's/"[^"]*"//g' | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "cycles") c = i } NR > 1 { s += $c } END { print s }')
        echo "$trace,$ports,$rfc,$prefetch,$cycles"
      done
    done
  done
done
