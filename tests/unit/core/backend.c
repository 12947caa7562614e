#include "backend.h"

#include "base/clock.h"
#include "core/accounts.h"
#include "core/sessions.h"
#include "embedded/data_dir.h"
#include "embedded/identity_service.h"
#include "embedded/keys_service.h"
#include "embedded/notices.h"
#include "embedded/objects_adapter.h"
#include "embedded/records_adapter.h"

#include <dirent.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS 60000
#define POLL_MS 5
#define MAIL_MAX_BYTES 8192u

static struct {
    struct data_dir *dir;
    struct store *store;
    struct mail_queue *mail;
    struct identity_service *identity;
    struct keys_service *keys;
    struct records_adapter *records;
    struct objects_adapter *objects;
    struct mail_config mail_config;
    struct identity_config identity_config;
    struct ports real;
    struct ports cut; /* the real ones behind calls that may fail */
    enum backend_step step;
    bool after;
} parts;

void backend_cut(enum backend_step step, bool after)
{
    parts.step = step;
    parts.after = after;
}

/* --- calls that may fail --- */

static bool fails_before(enum backend_step step)
{
    return parts.step == step && !parts.after;
}

static enum err end_of(enum backend_step step, enum err e)
{
    return parts.step == step ? ERR_UNAVAILABLE : e;
}

static enum err keys_provision(void *self, struct ctx *ctx, const struct uuid *user_id,
                               struct key_description *out)
{
    if (fails_before(STEP_KEYS_PROVISION))
        return ERR_UNAVAILABLE;
    return end_of(STEP_KEYS_PROVISION, parts.real.keys.provision(self, ctx, user_id, out));
}

static enum err keys_destroy(void *self, struct ctx *ctx, const struct uuid *user_id)
{
    if (fails_before(STEP_KEYS_DESTROY))
        return ERR_UNAVAILABLE;
    return end_of(STEP_KEYS_DESTROY, parts.real.keys.destroy(self, ctx, user_id));
}

static enum err notices_provision(void *self, struct ctx *ctx, const struct uuid *user_id,
                                  struct bytes email, const char **reference)
{
    if (fails_before(STEP_NOTICES_PROVISION))
        return ERR_UNAVAILABLE;
    return end_of(STEP_NOTICES_PROVISION,
                  parts.real.notices.provision(self, ctx, user_id, email, reference));
}

static enum err notices_destroy(void *self, struct ctx *ctx, const struct uuid *user_id,
                                const char *reference)
{
    if (fails_before(STEP_NOTICES_DESTROY))
        return ERR_UNAVAILABLE;
    return end_of(STEP_NOTICES_DESTROY, parts.real.notices.destroy(self, ctx, user_id, reference));
}

static enum err user_put(void *self, struct ctx *ctx, const struct user_record *user)
{
    if (fails_before(STEP_USER_PUT))
        return ERR_UNAVAILABLE;
    return end_of(STEP_USER_PUT, parts.real.records.user_put(self, ctx, user));
}

static enum err user_erase(void *self, struct ctx *ctx, const struct uuid *user_id,
                           struct uuid **object_ids, size_t *count)
{
    if (fails_before(STEP_USER_ERASE))
        return ERR_UNAVAILABLE;
    return end_of(STEP_USER_ERASE,
                  parts.real.records.user_erase(self, ctx, user_id, object_ids, count));
}

static enum err account_erase(void *self, struct ctx *ctx, struct bytes password)
{
    if (fails_before(STEP_ACCOUNT_ERASE))
        return ERR_UNAVAILABLE;
    return end_of(STEP_ACCOUNT_ERASE, parts.real.identity.account_erase(self, ctx, password));
}

static void join_ports(void)
{
    parts.real.identity = identity_service_port(parts.identity);
    parts.real.keys = keys_service_port(parts.keys);
    parts.real.notices = notices_by_mail(parts.mail);
    records_adapter_port(parts.records, &parts.real.records);
    objects_adapter_port(parts.objects, &parts.real.objects);
    parts.cut = parts.real;
    parts.cut.keys.provision = keys_provision;
    parts.cut.keys.destroy = keys_destroy;
    parts.cut.notices.provision = notices_provision;
    parts.cut.notices.destroy = notices_destroy;
    parts.cut.records.user_put = user_put;
    parts.cut.records.user_erase = user_erase;
    parts.cut.identity.account_erase = account_erase;
}

/* --- opening and closing --- */

static void must(enum err e)
{
    if (e != ERR_OK) {
        (void)fprintf(stderr, "backend: %s\n", err_code(e));
        abort();
    }
}

void backend_open(struct backend *backend)
{
    memset(backend, 0, sizeof *backend);
    memset(&parts, 0, sizeof parts);
    struct ctx *ctx = &backend->ctx;
    ctx_init(ctx, &backend->arena, TIMEOUT_MS);
    (void)snprintf(backend->dir, sizeof backend->dir, "/tmp/letterlock-test-XXXXXX");
    if (mkdtemp(backend->dir) == NULL)
        abort();
    must(data_dir_open(ctx, backend->dir, true, &parts.dir));
    must(store_open(ctx, data_dir_path(parts.dir, &backend->arena, DATA_DIR_DATABASE),
                    &parts.store));
    parts.mail_config = (struct mail_config){
        .smtp_url = "",
        .smtp_user = "",
        .smtp_password = "",
        .smtp_ca_file = "",
        .from = "letterlock@example.org",
        .outbox_dir = data_dir_path(parts.dir, &backend->arena, DATA_DIR_OUTBOX),
        .public_url = "http://localhost",
    };
    must(mail_queue_start(ctx, parts.store, &parts.mail_config, &parts.mail));
    parts.identity_config = (struct identity_config){
        .tokens = {.url = "http://localhost", .audience = "letterlock", .lifetime_s = 600},
        .session_lifetime_s = 3600,
        .stretch_max = 1,
    };
    parts.keys = keys_service_create(parts.store);
    const struct identity_parts identity = {
        .store = parts.store, .mail = parts.mail, .keys = parts.keys};
    must(identity_service_open(ctx, &identity, &parts.identity_config, &parts.identity));
    parts.records = records_adapter_create(parts.store);
    must(objects_adapter_open(ctx, data_dir_path(parts.dir, &backend->arena, DATA_DIR_OBJECTS),
                              &parts.objects));
    join_ports();
    backend->config = (struct core_config){
        .sign_up_domains = "",
        .max_letter_bytes = 1u << 20,
        .quota_bytes = 1 << 20,
        .streams_per_user = 1,
        .streams_total = 1,
    };
    must(core_create(ctx, &parts.cut, &backend->config, &backend->core));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void backend_close(struct backend *backend)
{
    core_destroy(backend->core);
    mail_queue_stop(parts.mail);
    objects_adapter_close(parts.objects);
    records_adapter_destroy(parts.records);
    identity_service_close(parts.identity);
    keys_service_destroy(parts.keys);
    store_close(parts.store);
    data_dir_close(parts.dir);
    (void)nftw(backend->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_fini(&backend->arena);
}

/* --- users --- */

/* The code in a mail to the address, or NULL. */
static const char *read_code(struct arena *arena, const char *path, const char *email)
{
    char text[MAIL_MAX_BYTES + 1];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    size_t n = fread(text, 1, MAIL_MAX_BYTES, file);
    (void)fclose(file);
    text[n] = '\0';
    static const char before[] = "code is\r\n\r\n    ";
    const char *code = strstr(text, before);
    if (code == NULL || strstr(text, email) == NULL)
        return NULL;
    return arena_str(arena, bytes_of(code + sizeof before - 1, 6));
}

static const char *find_code(struct backend *backend, const char *email)
{
    const char *code = NULL;
    DIR *outbox = opendir(parts.mail_config.outbox_dir);
    struct dirent *entry;
    while (outbox != NULL && code == NULL && (entry = readdir(outbox)) != NULL)
        code = read_code(
            &backend->arena,
            arena_printf(&backend->arena, "%s/%s", parts.mail_config.outbox_dir, entry->d_name),
            email);
    if (outbox != NULL)
        (void)closedir(outbox);
    return code;
}

const char *backend_sign_up(struct backend *backend, const char *name)
{
    const char *email = arena_printf(&backend->arena, "%s@example.org", name);
    const struct accounts_sign_up in = {
        .username = bytes_of_str(name),
        .email = bytes_of_str(email),
        .password = BYTES_LIT(BACKEND_PASSWORD),
    };
    struct uuid id;
    struct identity_delivery delivery;
    must(accounts_sign_up(backend->core, &backend->ctx, &in, &id, &delivery));
    int64_t end = clock_mono_ms() + TIMEOUT_MS;
    const char *code = NULL;
    while ((code = find_code(backend, email)) == NULL && clock_mono_ms() < end)
        (void)poll(NULL, 0, POLL_MS);
    if (code == NULL)
        abort();
    return code;
}

enum err backend_sign_in(struct backend *backend, const char *name, struct actor *actor)
{
    const struct identity_credential credential = {.password = BYTES_LIT(BACKEND_PASSWORD)};
    struct identity_grant grant;
    backend->ctx.actor = NULL;
    enum err e = sessions_sign_in(backend->core, &backend->ctx, bytes_of_str(name), &credential,
                                  BYTES_LIT("test"), &grant);
    if (e == ERR_OK)
        e = sessions_authenticate(backend->core, &backend->ctx, grant.id_token, ACTOR_ID, actor);
    if (e == ERR_OK)
        backend->ctx.actor = actor;
    return e;
}
