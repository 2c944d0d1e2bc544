#!/bin/sh
# Makes the certificates of this directory anew.
set -e
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT
# entry NAME DAYS [OPTION...]: a key and its certificate
entry() {
    name=$1
    days=$2
    shift 2
    keytool -genkeypair -alias "$name" -keyalg EC -groupname secp256r1 -dname "CN=$name" -startdate 2020/01/01 \
        -validity "$days" -keystore "$tmp/store" -storetype PKCS12 -storepass secret "$@"
}
certificate() { keytool -exportcert -rfc -alias "$1" -keystore "$tmp/store" -storepass secret; }
key() {
    keytool -importkeystore -noprompt -srcalias "$1" -srckeystore "$tmp/store" -srcstorepass secret \
        -destkeystore "$tmp/$1" -deststoretype PKCS12 -deststorepass secret
    openssl pkcs12 -in "$tmp/$1" -passin pass:secret -nocerts -nodes | sed -n '/BEGIN/,/END/p' > "$1.key"
}
entry ca 36500 -ext bc:c
entry other-ca 36500 -ext bc:c
entry intermediate 36500 -ext bc:c -signer ca
entry broker 36500 -signer intermediate
entry stranger 36500 -signer other-ca
entry expired 2 -signer ca
certificate ca > ca.pem
(certificate broker; certificate intermediate) > broker.pem
certificate stranger > stranger.pem
certificate expired > expired.pem
for each in broker stranger expired; do key "$each"; done
chmod 644 ./*.key
