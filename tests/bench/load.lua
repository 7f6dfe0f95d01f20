-- wrk's side of load.py: one fixed request, and the totals as one line of JSON.
-- Arguments: method, body, then one "Name: value" per header.

function init(args)
  wrk.method = args[1]
  if args[2] ~= "" then
    wrk.body = args[2]
  end
  for i = 3, #args do
    local name, value = args[i]:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
end

-- No `response` function: with one, wrk would parse every answer's headers. It counts statuses over 399 by itself.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "over_399": %d, "broken": %d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout
  ))
end
