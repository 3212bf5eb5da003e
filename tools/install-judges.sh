#!/usr/bin/env bash
# Installs the scrapers, the parsers, the proxies, the browser and the database of `npm run test:e2e`, when they
# are missing. Needs Debian and root.
set -euo pipefail

missing=()
for program in prometheus prometheus-node-exporter prometheus-pushgateway victoria-metrics chromium tini haproxy nginx curl openssl; do
  command -v "$program" > /dev/null || missing+=("$program")
done
command -v systemd-socket-activate > /dev/null || missing+=(systemd)
# Its programs are not in the path. A test starts them as the user of the package.
[ -d /usr/lib/postgresql ] || missing+=(postgresql)
# promtool comes with Prometheus. Another Python than Debian's would not find Debian's packages.
/usr/bin/python3 -c 'import prometheus_client' 2> /dev/null || missing+=(python3-prometheus-client)
[ ${#missing[@]} -eq 0 ] && exit 0

# Debian's packages start their service, unless this file says no (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}"
