/* letterlock health: asks the server of this machine whether it is ready; for container engines and
 * service managers, whose images need no other HTTP client then. */
#include "app/commands.h"
#include "app/config.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define HEALTH_TIMEOUT_MS 4000L
#define HTTP_OK 200

/* The address that reaches a listener of this machine: wildcards are asked by loopback. */
static const char *url_of(const struct config *config, struct arena *arena)
{
    const char *port = strrchr(config->listen, ':');
    const char *scheme = config->tls_cert[0] == '\0' ? "http" : "https";
    if (port == NULL)
        return "";
    size_t host_n = (size_t)(port - config->listen);
    struct bytes host = bytes_of(config->listen, host_n);
    if (host_n == 0 || bytes_equal_str(host, "0.0.0.0"))
        host = BYTES_LIT("127.0.0.1");
    else if (bytes_equal_str(host, "[::]"))
        host = BYTES_LIT("[::1]");
    return arena_printf(arena, "%s://%.*s%s/readyz", scheme, BYTES_FMT(host), port);
}

static size_t ignore(char *data, size_t size, size_t n, void *arg)
{
    (void)data;
    (void)arg;
    return size * n;
}

/* The certificate names the public host, and this asks the loopback address: it is not checked. */
static CURLcode get(const char *url, long *status)
{
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return CURLE_OUT_OF_MEMORY;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, url);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, HEALTH_TIMEOUT_MS);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_easy_cleanup(curl);
    return code;
}

int health_main(int argc, char **argv)
{
    if (argc != 1) {
        bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
        (void)fputs("usage: letterlock health [--env-file FILE]\n\n"
                    "Asks the server at LETTERLOCK_LISTEN whether it is ready: status 0 when it "
                    "is, else 1.\n",
                    asked ? stdout : stderr);
        return asked ? APP_EXIT_OK : APP_EXIT_USAGE;
    }
    struct arena arena = {0};
    struct config config;
    if (!config_read(&config, &arena, stderr)) {
        arena_fini(&arena);
        return APP_EXIT_USAGE;
    }
    long status = 0;
    CURLcode code = get(url_of(&config, &arena), &status);
    arena_fini(&arena);
    if (code != CURLE_OK)
        (void)fprintf(stderr, "letterlock health: %s\n", curl_easy_strerror(code));
    else if (status != HTTP_OK)
        (void)fprintf(stderr, "letterlock health: the server answers %ld\n", status);
    return code == CURLE_OK && status == HTTP_OK ? APP_EXIT_OK : APP_EXIT_FAILED;
}
