#!/bin/bash
# Takes one campaign from enqueue to the archive with nothing but curl:
# flow.sh ADDRESS KEY
set -euo pipefail
address=$1 key=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
call() { curl --silent --show-error --fail-with-body --header "Authorization: Bearer $key" "$@"; }

printf '%%PDF-1.7\n<</Type/Page>>\ncurl\n%%%%EOF\n' > "$work/contract.pdf"
{
  echo 'id;provider;subject;document;signer1.name;signer1.email'
  for i in 1 2 3; do
    echo "$i;certyneo;Contrato $i;contracts/contract.pdf;Carlos Curl;carlos.$i@example.com"
  done
} > "$work/curl.csv"

call "$address/v1/campaigns" --form "file=@$work/curl.csv" \
  --form "document=@$work/contract.pdf;filename=contracts/contract.pdf" | grep -q '"new":3'

for try in $(seq 300); do
  status=$(call "$address/v1/campaigns/curl")
  [[ $status == *'"archived":3'* ]] && break
  sleep 0.1
done
[[ $status == *'"archived":3'* ]] || { echo "not archived: $status" >&2; exit 1; }

for id in 1 2 3; do
  report=$(call "$address/v1/campaigns/curl/envelopes/$id")
  sum=$(grep -o '"kind":"signed_document","key":"[^"]*","sha256":"[0-9a-f]*"' <<< "$report" | grep -o '[0-9a-f]\{64\}')
  call --location --output "$work/signed.pdf" "$address/v1/campaigns/curl/envelopes/$id/artifacts/signed_document.pdf"
  echo "$sum  $work/signed.pdf" | sha256sum --check --quiet
done
echo done
