-- convert/email for nobody, who is answered 404: `done` says how many were.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
local threads = {}
missing = 0
function setup(thread) table.insert(threads, thread) end
function request()
    return wrk.format(nil, nil, nil, "email=nobody" .. math.random(1000000) .. "%40seed.example")
end
function response(status) if status == 404 then missing = missing + 1 end end
function done()
    local sum = 0
    for _, thread in ipairs(threads) do sum = sum + thread:get("missing") end
    print("expected " .. sum)
end
