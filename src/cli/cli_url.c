#include "cli/cli_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static bool is_loopback(const char *host)
{
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

/* Takes a string of curl's over into the arena; "" for a part that is absent. */
static const char *url_part(struct arena *arena, CURLU *parsed, CURLUPart what)
{
    char *part = NULL;
    if (curl_url_get(parsed, what, &part, 0) != CURLUE_OK)
        return "";
    const char *copy = arena_str(arena, bytes_of_str(part));
    curl_free(part);
    return copy;
}

static enum cli_exit check_parts(struct arena *arena, CURLU *parsed, bool insecure_ok,
                                 const char **url)
{
    const char *scheme = url_part(arena, parsed, CURLUPART_SCHEME);
    const char *host = url_part(arena, parsed, CURLUPART_HOST);
    const char *port = url_part(arena, parsed, CURLUPART_PORT);
    struct bytes path = bytes_of_str(url_part(arena, parsed, CURLUPART_PATH));
    if (*url_part(arena, parsed, CURLUPART_USER) != '\0' ||
        *url_part(arena, parsed, CURLUPART_PASSWORD) != '\0' ||
        *url_part(arena, parsed, CURLUPART_QUERY) != '\0' ||
        *url_part(arena, parsed, CURLUPART_FRAGMENT) != '\0')
        return cli_fail(CLI_USAGE, "The server's address must not hold a name, '?' or '#'.");
    if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        return cli_fail(CLI_USAGE, "The server's address must begin with https://.");
    if (strcmp(scheme, "http") == 0 && !is_loopback(host) && !insecure_ok)
        return cli_fail(CLI_USAGE,
                        "http:// would send your password and letters unprotected. Use https://, "
                        "or --insecure-http when the network itself is protected.");
    while (path.n > 0 && path.p[path.n - 1] == '/')
        path.n--;
    *url = arena_printf(arena, "%s://%s%s%s%.*s", scheme, host, *port == '\0' ? "" : ":", port,
                        BYTES_FMT(path));
    return CLI_OK;
}

enum cli_exit cli_url_check(struct arena *arena, const char *text, bool insecure_ok,
                            const char **url)
{
    CURLU *parsed = curl_url();
    if (parsed == NULL)
        abort();
    enum cli_exit exit = CLI_OK;
    if (curl_url_set(parsed, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        exit = cli_fail(CLI_USAGE, "%s is not an address like https://letters.example.org.", text);
    else
        exit = check_parts(arena, parsed, insecure_ok, url);
    curl_url_cleanup(parsed);
    return exit;
}
