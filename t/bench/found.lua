-- convert/email for somebody, at random. Argument: how many there are.
local people
function init(args) people = tonumber(args[1]) end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
function request()
    return wrk.format(nil, nil, nil, "email=u" .. math.random(people) .. "%40seed.example")
end
