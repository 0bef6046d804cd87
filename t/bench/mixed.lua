-- 95 reads of a person's document to 5 writes that rename its collection; people by Zipf: the n-th is drawn 1/n as often
-- as the first. Arguments: the file of people, and the port in the stack's cookies.
local people, sums, total, port, written = {}, {}, 0, nil, 0

function init(args)
    local n = 0
    for line in io.lines(args[1]) do
        n = n + 1
        people[n] = line
        total = total + 1 / n
        sums[n] = total
    end
    port = args[2]
    math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000)
end

local function drawn()
    local x, low, high = math.random() * total, 1, #sums
    while low < high do
        local middle = math.floor((low + high) / 2)
        if sums[middle] < x then low = middle + 1 else high = middle end
    end
    return low
end

function request()
    local n = drawn()
    local user, group, csrf = people[n]:match("^(%d+)\t(%d+)\t(%S+)$")
    if math.random() >= 0.05 then
        return wrk.format("GET", "/displayer/" .. user .. "/group/" .. group .. ".json")
    end
    written = written + 1
    return wrk.format("POST", "/collections/" .. group .. "/change", {
        ["Content-Type"] = "application/x-www-form-urlencoded",
        ["Cookie"] = string.format("obi_%s_session=bench%038d", port, n),
    }, "name=Collection+" .. written .. "&description=&visibility=public&confirmed=1&_csrf=" .. csrf)
end
