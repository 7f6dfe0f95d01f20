#!/usr/bin/env bash
# curl in a loop: submits, waits 10 s while it is refused, and looks every 10 s. Functions are what bad ones change.
API="$USEAPI_BASE_URL/v2/pixverse"
REF="order-$$-$RANDOM"
SUBMITS=100
POLLS=300
POLL_WAIT=10

pause() { sleep "$(awk "BEGIN { print $1 / ${CLIENT_SCALE:-1} }")"; }

# The answer's body, and its status on a line of its own: 000 where no whole answer came.
call() { curl -s -m 30 -w '\n%{http_code}' -H "Authorization: Bearer $USEAPI_TOKEN" "$@" || printf '\n000'; }
status_of() { tail -n 1 <<< "$1"; }

# What is at the place of some JSON, `value` in the Python expression.
json() { sed '$d' <<< "$1" | python3 -c "import json, sys; value = json.load(sys.stdin); print($2)"; }

name_of() { json "$1" "value['video_status_name']"; }

post() {
  call -H 'Content-Type: application/json' "$API/videos/upscale" \
       -d "{\"video_id\": \"$USEAPI_VIDEO_ID\", \"replyRef\": \"$REF\"}"
}

# A GET, tried again where it fails; 404 is an answer.
get() {
  local answer
  for _ in $(seq 20); do
    answer=$(call "$API$1")
    case $(status_of "$answer") in
      000 | 500 | 502 | 503 | 504) pause 10 ;;
      *) echo "$answer"; return ;;
    esac
  done
  printf '\n000'
}

# The job whose answer was lost.
lost() {
  json "$(get /videos)" "next((v['video_id'] for v in value['data'] if v.get('replyRef') == '$REF'), '')"
}

submit() {
  local answer
  for _ in $(seq "$SUBMITS"); do
    answer=$(post)
    case $(status_of "$answer") in
      200) JOB=$(json "$answer" "value['video_id']"); return ;;
      429) echo busy; pause 10 ;;
      000 | 500 | 502 | 503 | 504)
        JOB=$(lost)
        [ -z "$JOB" ] || return
        pause 10 ;;
      *) echo "refused: $answer" >&2; exit 1 ;;
    esac
  done
  echo "no slot for too long" >&2; exit 1
}

follow() {
  local answer
  for _ in $(seq "$POLLS"); do
    answer=$(get "/videos/$JOB")
    case $(status_of "$answer") in
      200)
        NAME=$(name_of "$answer")
        case $NAME in COMPLETED | FAILED | MODERATED) return ;; esac ;;
      404) ;;
      *) echo "not readable: $answer" >&2; exit 1 ;;
    esac
    pause "$POLL_WAIT"
  done
  echo "no end of $JOB for too long" >&2; exit 1
}

main() {
  submit
  follow
  echo "$JOB $NAME"
  [ "$NAME" = COMPLETED ]
}

[ "${BASH_SOURCE[0]}" != "$0" ] || main
