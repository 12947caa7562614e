#include "app/embedded_backend.h"

#include "base/mem.h"
#include "base/threads.h"
#include "embedded/data_dir.h"
#include "embedded/identity_service.h"
#include "embedded/keys_service.h"
#include "embedded/mail_queue.h"
#include "embedded/notices.h"
#include "embedded/objects_adapter.h"
#include "embedded/records_adapter.h"
#include "embedded/uploads_adapter.h"

#include <string.h>

#define TOKEN_AUDIENCE "letterlock"

struct embedded {
    struct data_dir *dir;
    struct store *store;
    struct mail_config mail_config;
    struct mail_queue *mail;
    struct keys_service *keys;
    struct identity_config identity_config;
    struct identity_service *identity;
    struct records_adapter *records;
    struct objects_adapter *objects;
    struct ports ports;
};

/* Mail to another machine must not travel in the clear; on this one there is nobody in between. */
static bool is_loopback(const char *smtp_url)
{
    const char *host = strstr(smtp_url, "://");
    host = host == NULL ? smtp_url : host + 3;
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);
        if (strncmp(host, names[i], n) == 0 && (host[n] == '\0' || strchr(":/", host[n]) != NULL))
            return true;
    }
    return false;
}

static bool requires_tls(const struct config *config)
{
    if (config->smtp_tls[0] != '\0')
        return strcmp(config->smtp_tls, "required") == 0;
    return !is_loopback(config->smtp_url);
}

static struct mail_config mail_config_of(const struct embedded *embedded, struct arena *arena,
                                         const struct config *config)
{
    return (struct mail_config){
        .smtp_url = config->smtp_url,
        .smtp_user = config->smtp_user,
        .smtp_password = config->smtp_password,
        .smtp_ca_file = config->smtp_ca_file,
        .smtp_require_tls = requires_tls(config),
        .from = config->mail_from,
        .outbox_dir = data_dir_path(embedded->dir, arena, DATA_DIR_OUTBOX),
        .public_url = config->public_url,
    };
}

static enum err open_parts(struct ctx *ctx, const struct config *config, struct embedded *embedded)
{
    enum err e = data_dir_open(ctx, config->data_dir, true, &embedded->dir);
    if (e == ERR_OK)
        e = store_open(ctx, data_dir_path(embedded->dir, ctx->arena, DATA_DIR_DATABASE),
                       &embedded->store);
    if (e == ERR_OK)
        e = objects_adapter_open(ctx, data_dir_path(embedded->dir, ctx->arena, DATA_DIR_OBJECTS),
                                 &embedded->objects);
    if (e != ERR_OK)
        return e;
    embedded->records = records_adapter_create(embedded->store);
    embedded->keys = keys_service_create(embedded->store);
    embedded->mail_config = mail_config_of(embedded, ctx->arena, config);
    e = mail_queue_start(ctx, embedded->store, &embedded->mail_config, &embedded->mail);
    if (e != ERR_OK)
        return e;
    embedded->identity_config = (struct identity_config){
        .tokens = {.url = config->public_url,
                   .audience = TOKEN_AUDIENCE,
                   .lifetime_s = config->token_lifetime},
        .session_lifetime_s = config->session_lifetime,
        .stretch_max = thread_processors(),
    };
    const struct identity_parts parts = {
        .store = embedded->store, .mail = embedded->mail, .keys = embedded->keys};
    return identity_service_open(ctx, &parts, &embedded->identity_config, &embedded->identity);
}

enum err embedded_backend_open(struct ctx *ctx, const struct config *config, struct embedded **out)
{
    struct embedded *embedded = mem_alloc(sizeof *embedded);
    enum err e = open_parts(ctx, config, embedded);
    if (e != ERR_OK) {
        embedded_backend_close(embedded);
        return e;
    }
    embedded->ports.identity = identity_service_port(embedded->identity);
    embedded->ports.keys = keys_service_port(embedded->keys);
    embedded->ports.notices = notices_by_mail(embedded->mail);
    records_adapter_port(embedded->records, &embedded->ports.records);
    objects_adapter_port(embedded->objects, &embedded->ports.objects);
    embedded->ports.uploads = uploads_adapter_port(embedded->store);
    *out = embedded;
    return ERR_OK;
}

struct ports *embedded_backend_ports(struct embedded *embedded)
{
    return &embedded->ports;
}

void embedded_backend_sweep(struct embedded *embedded, struct ctx *ctx)
{
    identity_service_sweep(embedded->identity, ctx);
}

void embedded_backend_look(struct embedded *embedded, struct ctx *ctx, struct backend_state *out)
{
    struct mail_queue_state mail;
    out->free_bytes = data_dir_free_bytes(embedded->dir);
    if (mail_queue_look(embedded->store, ctx, &mail) == ERR_OK) {
        out->mails_waiting = mail.count;
        out->oldest_mail_ms = mail.oldest_age_ms;
    }
}

void embedded_backend_close(struct embedded *embedded)
{
    if (embedded == NULL)
        return;
    mail_queue_stop(embedded->mail);
    identity_service_close(embedded->identity);
    keys_service_destroy(embedded->keys);
    records_adapter_destroy(embedded->records);
    objects_adapter_close(embedded->objects);
    store_close(embedded->store);
    data_dir_close(embedded->dir);
    mem_free(embedded);
}
