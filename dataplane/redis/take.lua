-- Asks for a cost under a rate limit and takes it if it is allowed: dataplane/limits/limit.h once more, inside Redis,
-- where it is atomic and the clock is the server's.
--
--   KEYS[1]   the key's state: "t k f", deleted by the server once it is as good as new (PXAT: Redis 6.2 or later)
--   ARGV      algorithm, requests, per, burst, max_delay, cost; times in microseconds, all checked by who calls
--   returns   {allowed, remaining, reset, retry_after (-1: never), delay, the server's time}, times in microseconds
--
-- Lua's numbers are doubles: whole numbers below 2^53 are exact, and all numbers here are below that. Times are until
-- the year 2255, per is below 2^42, requests, burst and cost are below 2^32. Amounts of units (a unit is the per-th
-- part of a request) may reach 2^72: so they are a pair, k * per + f with f < per, and products of that size are never
-- formed, only their quotients.

local kind = ARGV[1]
local N, W, B, D, c = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

-- Quotient and remainder; % and math.floor(a / b) would divide inexactly.
local function divide(a, b)
  local r = math.fmod(a, b)
  return (a - r) / b, r
end

-- Quotient and remainder of a * b / d, by long multiplication with ten bits of a at a time. a < 2^40, b and d < 2^42:
-- so each step is below d * 2^10 + 2^10 * b < 2^53. The quotient must be below 2^53.
local function muldiv(a, b, d)
  local q, r = 0, 0
  for _, weight in ipairs({1073741824, 1048576, 1024, 1}) do
    local digit = math.floor(a / weight) % 1024
    local more, left = divide(r * 1024 + digit * b, d)
    q, r = q * 1024 + more, left
  end
  return q, r
end

-- (k * W + f) / N, rounded up.
local function microseconds_of(k, f)
  local q, r = muldiv(k, W, N)
  local more, left = divide(r + f, N)
  return q + more + (left > 0 and 1 or 0)
end

local function sum_of_windows(used, before, elapsed)
  local q, r = muldiv(before, W - elapsed, W)
  return used + q + (r > 0 and 1 or 0)
end

-- The first microsecond of a window at which `count` of the one before it weigh at most `room`.
local function light_enough(count, room)
  return W - (muldiv(room, W, count))
end

-- What is left of k * W + f, at most k_most * W + f_most, when N units have flowed for e microseconds.
local function flow(k, f, k_most, f_most, e)
  if k > k_most or (k == k_most and f > f_most) then k, f = k_most, f_most end
  local periods, rest = divide(e, W)
  -- Above 2^53 the product is not exact, but is far above k all the same.
  if periods * N > k then return 0, 0 end
  local whole, part = muldiv(N, rest, W)
  k, f = k - periods * N - whole, f - part
  if f < 0 then k, f = k - 1, f + W end
  if k < 0 then return 0, 0 end
  return k, f
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local t, k, f = 0, 0, 0
local state = redis.call('GET', KEYS[1])
if state then
  local a, b, d = string.match(state, '^(%d+) (%d+) (%d+)$')
  if a then t, k, f = tonumber(a), tonumber(b), tonumber(d) end
end
local past = t
t = math.max(t, now)

local limit = kind == 'token_bucket' and B or N
local possible = c <= limit
local allowed, remaining, reset, retry, delay = false, 0, 0, 0, 0

if kind == 'fixed_window' then
  -- k: used in the window of t
  local elapsed = math.fmod(t, W)
  if t - elapsed > past then k = 0 end
  k = math.min(k, N)
  allowed = k + c <= N
  if allowed then k = k + c else retry = W - elapsed end
  remaining = N - k
  if k > 0 then reset = W - elapsed end

elseif kind == 'sliding_window' then
  -- k: used in the window of t; f: in the one before
  local elapsed = math.fmod(t, W)
  local start = t - elapsed
  k, f = math.min(k, N), math.min(f, N)
  if past < start - W then k, f = 0, 0 elseif past < start then k, f = 0, k end
  allowed = c == 0 or sum_of_windows(k, f, elapsed) + c <= N
  if allowed then
    k = k + c
  elseif possible and k + c <= N then
    retry = light_enough(f, N - k - c) - elapsed
  elseif possible then
    retry = W - elapsed + light_enough(k, N - c)
  end
  remaining = math.max(N - sum_of_windows(k, f, elapsed), 0)
  if k > 0 then reset = 2 * W - elapsed elseif f > 0 then reset = W - elapsed end

elseif kind == 'token_bucket' then
  -- k * W + f: units that are missing
  k, f = flow(k, f, B, 0, t - past)
  allowed = k + c < B or (k + c == B and f == 0)
  if allowed then k = k + c elseif possible then retry = microseconds_of(k + c - B, f) end
  remaining = B - k - (f > 0 and 1 or 0)
  reset = microseconds_of(k, f)

elseif kind == 'leaky_bucket' then
  -- k * W + f: units that wait
  local k_wait, f_wait = muldiv(N, D, W)
  k, f = flow(k, f, k_wait + N, f_wait, t - past)
  local wait = microseconds_of(k, f)
  allowed = c == 0 or (possible and wait <= D)
  if allowed and c > 0 then
    k, delay = k + c, wait
  elseif not allowed then
    retry = wait - D
  end
  if k < k_wait or (k == k_wait and f <= f_wait) then remaining = k_wait - k + (f_wait >= f and 1 or 0) end
  reset = microseconds_of(k, f)

else
  return redis.error_reply('ERR no such algorithm')
end

if not possible then retry = -1 end

-- The state lives until it means nothing any more, counted from the instant read above: so whoever is slow between that
-- and the next line ends nothing early, and after a step back of the clock it goes when its time has really passed.
if reset > 0 then
  local gone = string.format('%.0f', math.ceil((now + reset) / 1000) + 1)
  redis.call('SET', KEYS[1], string.format('%.0f %.0f %.0f', t, k, f), 'PXAT', gone)
elseif state then
  redis.call('DEL', KEYS[1])
end
return {allowed and 1 or 0, remaining, reset, retry, delay, now}
