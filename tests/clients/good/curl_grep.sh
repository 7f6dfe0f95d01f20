#!/usr/bin/env bash
# What many have in a cron job: curl, grep and cut, no JSON parser. After a lost answer it ends, and a person looks.
url="$USEAPI_BASE_URL/v2/pixverse/videos"
auth="Authorization: Bearer $USEAPI_TOKEN"
wait_for() { sleep "$(awk "BEGIN { print $1 / ${CLIENT_SCALE:-1} }")"; }
field() { grep -o "\"$1\" *: *\"[^\"]*\"" | head -n 1 | sed 's/.*"\([^"]*\)"$/\1/'; }

for try in $(seq 1 60); do
  answer=$(curl -sS -w ' %{http_code}' -H "$auth" -H 'Content-Type: application/json' \
                -d "{\"video_id\":\"$USEAPI_VIDEO_ID\"}" "$url/upscale")
  code=${answer##* }
  [ "$code" = 429 ] || break
  echo "no slot at try $try"
  wait_for 20
done
if [ "$code" != 200 ]; then
  echo "not accepted: $answer" >&2
  exit 1
fi

job=$(field video_id <<< "$answer")
for try in $(seq 1 120); do
  wait_for 20
  state=$(curl -s --fail -H "$auth" "$url/$job" | field video_status_name)
  echo "$job ${state:-is not there yet}"
  case $state in
    COMPLETED) exit 0 ;;
    FAILED | MODERATED) exit 1 ;;
  esac
done
exit 1
