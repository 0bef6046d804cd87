-- Pushes badges, one after the other. Argument: a file with a token and the form that is sent with it in each line.
-- `done` says how many answers of each status came.
local threads, requests, at = {}, {}, 0
seen = {}
function setup(thread) table.insert(threads, thread) end
function init(args)
    for line in io.lines(args[1]) do
        local token, form = line:match("^(%S+) (%S+)$")
        table.insert(requests, wrk.format("POST", nil, {
            ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/x-www-form-urlencoded" }, form))
    end
end
function request()
    at = at % #requests + 1
    return requests[at]
end
function response(status) seen[status] = (seen[status] or 0) + 1 end
function done()
    for _, thread in ipairs(threads) do
        for status, count in pairs(thread:get("seen")) do print("pushed " .. status .. " " .. count) end
    end
end
