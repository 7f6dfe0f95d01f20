#!/usr/bin/env bash
# curl in a loop that looks every second.
source "$(dirname "$0")/../good/curl.sh"
POLL_WAIT=1

main
