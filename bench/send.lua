-- wrk: durable sends of a text letter; TOKEN, TO and TEXT_BYTES come from the environment.
local text = string.rep("x", tonumber(os.getenv("TEXT_BYTES") or "1024"))
wrk.method = "POST"
wrk.body = '{"to":"' .. os.getenv("TO") .. '","text":"' .. text .. '"}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")

local refused = 0
function response(status)
    if status ~= 201 then refused = refused + 1 end
end
