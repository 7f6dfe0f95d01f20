#!/usr/bin/env bash
# Upscales a video with curl, and takes a lost answer for a refusal: submits again after 10 s. Waits are divided by
# CLIENT_SCALE.
pause() { sleep "$(awk "BEGIN { print $1 / ${CLIENT_SCALE:-1} }")"; }

call() { curl --silent --max-time 30 --header "Authorization: Bearer $USEAPI_TOKEN" "$@"; }

field() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }

api="$USEAPI_BASE_URL/v2/pixverse/videos"
until [ -n "$job" ]; do
    job=$(call --header "Content-Type: application/json" --data "{\"video_id\": \"$USEAPI_VIDEO_ID\"}" "$api/upscale" | field video_id)
    [ -n "$job" ] || pause 10
done
while :; do
    case $(call "$api/$job" | field video_status_name) in
        COMPLETED) exit 0 ;;
        FAILED | MODERATED) exit 1 ;;
    esac
    pause 10
done
