/* One use of the notices port on SNS or SES, for tests/aws/test_notices.py. Prints one line of
 * JSON. provision USER EMAIL         REFERENCE is printed destroy USER REFERENCE letters USER EMAIL
 * REFERENCE WHAT… each WHAT is "letter", "flush", or "die", which ends the process as a power cut
 * would */
#include "aws/sns/sns_notices.h"
#include "base/clock.h"
#include "cloud_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_MS 30000
#define POLL_NS 5000000

struct desk {
    struct cloud_client cloud;
    struct arena arena;
    struct ctx ctx;
    struct sns_notices *notices;
    struct notices port;
    int64_t timeout_ms;
    int64_t letters_ms; /* that the longest call of letter_arrived took */
};

static int usage(void)
{
    (void)fprintf(stderr, "provision USER EMAIL, destroy USER REFERENCE, "
                          "letters USER EMAIL REFERENCE letter|flush|sent|die…\n");
    return 2;
}

static uint64_t requests(const struct desk *d)
{
    return aws_client_count(d->cloud.client, AWS_SNS) + aws_client_count(d->cloud.client, AWS_SES);
}

static void report(const struct desk *d, enum err e, const char *reference)
{
    (void)printf("{\"error\": \"%s\", \"reference\": \"%s\", \"letters_ms\": %lld, "
                 "\"requests\": %llu}\n",
                 err_code(e), reference, (long long)d->letters_ms, (unsigned long long)requests(d));
    (void)fflush(stdout);
}

static void arrive(struct desk *d, const struct user_record *recipient)
{
    int64_t begun_ms = clock_mono_ms();
    d->port.letter_arrived(d->port.self, recipient);
    int64_t took_ms = clock_mono_ms() - begun_ms;
    d->letters_ms = took_ms > d->letters_ms ? took_ms : d->letters_ms;
}

static void wait_for_request(const struct desk *d)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};
    while (requests(d) == 0 && ctx_left_ms(&d->ctx) > 0)
        (void)nanosleep(&pause, NULL);
}

static void letters(struct desk *d, const struct uuid *id, int argc, char **argv)
{
    struct user_record recipient = {.id = *id, .email = argv[3], .topic_reference = argv[4]};
    for (int i = 5; i < argc; i++) {
        if (strcmp(argv[i], "letter") == 0) {
            arrive(d, &recipient);
        } else if (strcmp(argv[i], "flush") == 0) {
            d->ctx.deadline_mono_ms = clock_mono_ms() + d->timeout_ms;
            sns_notices_flush(d->notices, &d->ctx);
        } else if (strcmp(argv[i], "sent") == 0) {
            wait_for_request(d);
        } else if (strcmp(argv[i], "die") == 0) {
            report(d, ERR_OK, "");
            _exit(0);
        }
    }
}

static enum err run(struct desk *d, int argc, char **argv, const char **reference)
{
    struct uuid id;
    if (!uuid_parse(bytes_of_str(argv[2]), &id))
        exit(usage());
    if (strcmp(argv[1], "provision") == 0)
        return d->port.provision(d->port.self, &d->ctx, &id, bytes_of_str(argv[3]), reference);
    if (strcmp(argv[1], "destroy") == 0)
        return d->port.destroy(d->port.self, &d->ctx, &id, argv[3]);
    if (argc < 6)
        exit(usage());
    letters(d, &id, argc, argv);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct desk d = {.timeout_ms = TIMEOUT_DEFAULT_MS};
    const char *timeout_ms = getenv("TIMEOUT_MS");
    const char *reference = "";
    if (argc < 4)
        return usage();
    if (timeout_ms != NULL)
        d.timeout_ms = strtol(timeout_ms, NULL, 10);
    cloud_client_init(&d.cloud);
    arena_init(&d.arena);
    ctx_init(&d.ctx, &d.arena, d.timeout_ms);
    d.notices = sns_notices_create(d.cloud.client);
    d.port = sns_notices_port(d.notices);
    enum err e = run(&d, argc, argv, &reference);
    sns_notices_destroy(d.notices);
    report(&d, e, reference);
    arena_fini(&d.arena);
    cloud_client_fini(&d.cloud);
    return 0;
}
