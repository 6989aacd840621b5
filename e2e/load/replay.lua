-- Sends ready HTTP requests, each connection the next one, and prints one line of JSON about it.
--
-- Arguments: a file of requests, each after its length and a line feed; and either nothing, or the
-- placeholder of an order id and the first digits of the ids to put there. Every request then asks for
-- an order that no other asks for: a digit for the thread and eleven for its count follow.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  threads[#threads + 1] = thread
end

local requests = {}
local before, after, prefix

-- wrk reads the count of each thread at the end.
sent = 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  local length = file:read("*n")
  while length do
    file:read(1)
    requests[#requests + 1] = file:read(length)
    length = file:read("*n")
  end
  file:close()
  if arguments[2] then
    local from, to = requests[1]:find(arguments[2], 1, true)
    before, after = requests[1]:sub(1, from - 1), requests[1]:sub(to + 1)
    prefix = arguments[3] .. number
  else
    -- The threads start at different requests.
    sent = number * math.floor(#requests / 2)
    skipped = sent
  end
end

skipped = 0

function request()
  sent = sent + 1
  if prefix then
    return before .. prefix .. string.format("%011d", sent) .. after
  end
  return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency)
  local all = 0
  for _, thread in ipairs(threads) do
    all = all + thread:get("sent") - thread:get("skipped")
  end
  local errors = summary.errors
  io.write(string.format(
    'REPORT {"requests":%d,"sent":%d,"bytes":%.0f,"microseconds":%d,"median":%d,"p99":%d,' ..
    '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
    summary.requests, all, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
