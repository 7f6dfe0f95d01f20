#!/usr/bin/env bash
# curl in a loop that looks for text in JSON, and does not find it where a space is between.
source "$(dirname "$0")/../good/curl.sh"
POLLS=5
name_of() { grep -o '"video_status_name":"[A-Z]*"' <<< "$1" | cut -d '"' -f 4; }

main
