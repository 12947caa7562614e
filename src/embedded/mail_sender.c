#include "embedded/mail_sender.h"

#include "base/log.h"
#include "base/mem.h"
#include "embedded/data_dir.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAIL_CONNECT_TIMEOUT_MS 10000L

struct mail_sender {
    const struct mail_config *config;
    CURL *curl; /* NULL: the outbox is used */
    int outbox; /* directory, or -1 */
    atomic_bool cancelled;
};

static enum err open_outbox(struct ctx *ctx, struct mail_sender *sender)
{
    const char *path = sender->config->outbox_dir;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return ctx_log_fail(ctx, ERR_UNAVAILABLE, "outbox_create", "errno=%d", errno);
    sender->outbox = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (sender->outbox < 0)
        return ctx_log_fail(ctx, ERR_UNAVAILABLE, "outbox_open", "errno=%d", errno);
    return ERR_OK;
}

enum err mail_sender_create(struct ctx *ctx, const struct mail_config *config,
                            struct mail_sender **out)
{
    struct mail_sender *sender = mem_alloc(sizeof *sender);
    sender->config = config;
    sender->outbox = -1;
    enum err e = ERR_OK;
    if (config->smtp_url[0] == '\0')
        e = open_outbox(ctx, sender);
    else if ((sender->curl = curl_easy_init()) == NULL)
        e = ctx_log_fail(ctx, ERR_UNAVAILABLE, "smtp_start", "reason=libcurl");
    if (e != ERR_OK) {
        mail_sender_destroy(sender);
        return e;
    }
    *out = sender;
    return ERR_OK;
}

void mail_sender_destroy(struct mail_sender *sender)
{
    if (sender == NULL)
        return;
    if (sender->outbox >= 0)
        (void)close(sender->outbox);
    curl_easy_cleanup(sender->curl);
    mem_free(sender);
}

void mail_sender_cancel(struct mail_sender *sender)
{
    atomic_store(&sender->cancelled, true);
}

/* --- the outbox --- */

static enum mail_outcome write_eml(struct mail_sender *sender, struct ctx *ctx,
                                   struct bytes message)
{
    /* Version 7 UUIDs sort by time, so a listing shows the newest mail last. */
    struct uuid id = uuid_at(ctx->now_unix_ms);
    char text[UUID_TEXT_BYTES];
    uuid_format(&id, text);
    char *temporary = arena_printf(ctx->arena, ".%s.tmp", text);
    char *name = arena_printf(ctx->arena, "%s.eml", text);
    int fd = openat(sender->outbox, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && data_dir_write(fd, message) && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0)
        (void)close(fd);
    if (ok && renameat(sender->outbox, temporary, sender->outbox, name) != 0) {
        ok = false;
        error = errno;
    }
    if (!ok) {
        (void)unlinkat(sender->outbox, temporary, 0);
        log_error("outbox_write", "request=%s errno=%d", ctx->request_id, error);
        return MAIL_UNREACHABLE;
    }
    (void)fsync(sender->outbox);
    log_info("mail_written", "file=%s/%s", sender->config->outbox_dir, name);
    return MAIL_SENT;
}

/* --- SMTP --- */

static size_t read_message(char *to, size_t size, size_t count, void *arg)
{
    struct bytes *left = arg;
    struct bytes part = bytes_slice(*left, 0, size * count);
    if (part.n > 0)
        memcpy(to, part.p, part.n);
    *left = bytes_slice(*left, part.n, left->n);
    return part.n;
}

static int stop_when_cancelled(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    struct mail_sender *sender = arg;
    return atomic_load(&sender->cancelled) ? 1 : 0;
}

static bool set_server(struct mail_sender *sender)
{
    const struct mail_config *config = sender->config;
    CURL *curl = sender->curl;
    CURLcode rc = curl_easy_setopt(curl, CURLOPT_URL, config->smtp_url);
    rc |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    rc |= curl_easy_setopt(curl, CURLOPT_USE_SSL,
                           config->smtp_require_tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY);
    if (config->smtp_ca_file[0] != '\0')
        rc |= curl_easy_setopt(curl, CURLOPT_CAINFO, config->smtp_ca_file);
    if (config->smtp_user[0] != '\0') {
        rc |= curl_easy_setopt(curl, CURLOPT_USERNAME, config->smtp_user);
        rc |= curl_easy_setopt(curl, CURLOPT_PASSWORD, config->smtp_password);
    }
    rc |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    rc |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, MAIL_CONNECT_TIMEOUT_MS);
    rc |= curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    rc |= curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_when_cancelled);
    rc |= curl_easy_setopt(curl, CURLOPT_XFERINFODATA, sender);
    return rc == CURLE_OK;
}

static bool set_message(CURL *curl, struct ctx *ctx, const char *from, struct curl_slist *to,
                        struct bytes *message)
{
    CURLcode rc = curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    rc |= curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    rc |= curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    rc |= curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_message);
    rc |= curl_easy_setopt(curl, CURLOPT_READDATA, message);
    rc |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ctx_left_ms(ctx));
    return rc == CURLE_OK;
}

/* A 5xx answer before the addresses (greeting, TLS, sign-in) concerns every mail, and libcurl tells
 * those apart by its own code. */
static enum mail_outcome outcome_of(CURL *curl, CURLcode rc)
{
    if (rc == CURLE_OK)
        return MAIL_SENT;
    long answer = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    log_warning("mail_not_sent", "curl=%d smtp=%ld reason=\"%s\"", (int)rc, answer,
                curl_easy_strerror(rc));
    if (rc != CURLE_SEND_ERROR && rc != CURLE_RECV_ERROR && rc != CURLE_WEIRD_SERVER_REPLY)
        return MAIL_UNREACHABLE;
    if (answer >= 500 && answer <= 599 && answer != 530 && answer != 535)
        return MAIL_REFUSED;
    return answer >= 400 && answer <= 499 && answer != 421 ? MAIL_TRY_LATER : MAIL_UNREACHABLE;
}

static enum mail_outcome send_smtp(struct mail_sender *sender, struct ctx *ctx, struct bytes to,
                                   struct bytes message)
{
    const char *from = arena_printf(ctx->arena, "<%s>", sender->config->from);
    const char *address = arena_printf(ctx->arena, "<%.*s>", BYTES_FMT(to));
    struct curl_slist *recipients = curl_slist_append(NULL, address);
    if (recipients == NULL)
        return MAIL_UNREACHABLE;
    curl_easy_reset(sender->curl); /* options only: the connection stays */
    enum mail_outcome outcome = MAIL_UNREACHABLE;
    if (set_server(sender) && set_message(sender->curl, ctx, from, recipients, &message))
        outcome = outcome_of(sender->curl, curl_easy_perform(sender->curl));
    curl_slist_free_all(recipients);
    return outcome;
}

enum mail_outcome mail_sender_send(struct mail_sender *sender, struct ctx *ctx, struct bytes to,
                                   struct bytes message)
{
    return sender->curl == NULL ? write_eml(sender, ctx, message)
                                : send_smtp(sender, ctx, to, message);
}
