#!/usr/bin/env bash
# curl in a loop that takes a lost answer for a refusal, and submits again after 10 s.
source "$(dirname "$0")/../good/curl.sh"
lost() { :; }

main
