#include "loopback.h"

#include <assert.h>
#include <string.h>

#define TIMEOUT_MS 10000

void loopback_init(struct loopback *l)
{
    *l = (struct loopback){.started = false};
    ctx_init(&l->ctx, &l->arena, TIMEOUT_MS);
}

void loopback_fini(struct loopback *l)
{
    if (l->started)
        scripted_server_stop(&l->server);
    arena_fini(&l->arena);
}

struct scripted_answer *loopback_kept_answer(struct loopback *l, const char *status,
                                             const char *headers, const char *body)
{
    assert(!l->started && l->answer_count < SCRIPTED_ANSWERS_MAX);
    const char *head = arena_printf(&l->arena, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n",
                                    status, headers, strlen(body));
    struct scripted_answer *answer = &l->answers[l->answer_count++];
    *answer = (struct scripted_answer){
        .head = bytes_of_str(head),
        .body = bytes_of_str(arena_str(&l->arena, bytes_of_str(body))),
        .keep_open = true,
    };
    return answer;
}

struct scripted_answer *loopback_answer(struct loopback *l, const char *status, const char *headers,
                                        const char *body)
{
    headers = arena_printf(&l->arena, "%sConnection: close\r\n", headers);
    struct scripted_answer *answer = loopback_kept_answer(l, status, headers, body);
    answer->keep_open = false;
    return answer;
}

void loopback_start(struct loopback *l)
{
    scripted_server_start(&l->server, l->answers, l->answer_count);
    l->started = true;
}

bool loopback_request_has(struct loopback *l, size_t i, const char *text)
{
    scripted_server_finish(&l->server);
    return bytes_find_str(buffer_bytes(&l->server.requests[i]), text, 0) != SIZE_MAX;
}
