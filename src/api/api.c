#include "api/api.h"

#include "api/events.h"
#include "api/letters.h"
#include "api/origin.h"
#include "api/people.h"
#include "api/resource.h"
#include "api/router.h"
#include "base/json.h"
#include "base/mem.h"

static const struct api_routes *const tables[] = {
    &accounts_routes, &sessions_routes, &me_routes,     &wellknown_routes, &people_routes,
    &letters_routes,  &uploads_routes,  &events_routes, &totp_routes,
};

struct api *api_create(struct core *core, const struct api_config *config)
{
    json_cleanse_freed();
    struct api *api = mem_alloc(sizeof *api);
    api->core = core;
    api->config = config;
    api->router = router_create(tables, sizeof tables / sizeof tables[0]);
    api->public_origin = origin_of_url(config->public_url);
    return api;
}

void api_destroy(struct api *api)
{
    if (api == NULL)
        return;
    router_destroy(api->router);
    mem_free(api->public_origin);
    mem_free(api);
}
