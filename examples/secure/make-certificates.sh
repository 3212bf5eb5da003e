#!/bin/sh
# Makes an authority, and of it a certificate for an exporter and one for Prometheus.
set -eu
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

openssl req -x509 $key -keyout ca.key -out ca.crt -days 3650 -subj "/CN=metrics"

certificate() { # file, names, purpose
  openssl req $key -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
  printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$2" "$3" > "$1.ext"
  openssl x509 -req -in "$1.csr" -extfile "$1.ext" -CA ca.crt -CAkey ca.key -days 90 -out "$1.crt"
  rm "$1.csr" "$1.ext"
}
certificate tls DNS:localhost,IP:127.0.0.1 serverAuth
certificate prometheus DNS:prometheus.example clientAuth
