-- wrk: opens letters whose ids stand in the file IDS, one a line, with TOKEN.
local paths = {}
for id in io.lines(os.getenv("IDS")) do
    paths[#paths + 1] = "/v1/letters/" .. id .. "/content"
end
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")

local at = 0
function request()
    at = at % #paths + 1
    return wrk.format("GET", paths[at])
end
