#include "scripted_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX_BYTES = 8 << 20, WAIT_MS = 10 * 1000 };

static bool receive(int fd, struct buffer *request)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    uint8_t chunk[16384];
    if (poll(&ready, 1, WAIT_MS) != 1)
        return false;
    ssize_t n = recv(fd, chunk, sizeof chunk, 0);
    if (n <= 0)
        return false;
    buffer_append(request, bytes_of(chunk, (size_t)n));
    return buffer_ok(request);
}

/* True once the body, of a known length or in chunks, is there. */
static bool is_complete(struct bytes request)
{
    size_t head = bytes_find_str(request, "\r\n\r\n", 0);
    if (head == SIZE_MAX)
        return false;
    struct bytes body = bytes_slice(request, head + 4, request.n);
    if (bytes_find_str(bytes_slice(request, 0, head), "Transfer-Encoding: chunked", 0) != SIZE_MAX)
        return bytes_find_str(body, "\r\n0\r\n\r\n", 0) != SIZE_MAX;
    size_t at = bytes_find_str(bytes_slice(request, 0, head), "Content-Length: ", 0);
    return at == SIZE_MAX ||
           body.n >= strtoull((const char *)request.p + at + strlen("Content-Length: "), NULL, 10);
}

static void send_all(int fd, struct bytes data)
{
    while (data.n > 0) {
        ssize_t n = send(fd, data.p, data.n, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        data = bytes_slice(data, (size_t)n, data.n);
    }
}

static void wait_for_end(int fd)
{
    struct pollfd gone = {.fd = fd, .events = POLLIN};
    uint8_t rest[4096];
    while (poll(&gone, 1, WAIT_MS) == 1 && recv(fd, rest, sizeof rest, 0) > 0) {
    }
}

static bool read_request(int fd, struct buffer *request)
{
    bool continued = false;
    while (!is_complete(buffer_bytes(request))) {
        if (!receive(fd, request))
            return false;
        if (!continued &&
            bytes_find_str(buffer_bytes(request), "Expect: 100-continue", 0) != SIZE_MAX) {
            send_all(fd, BYTES_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
            continued = true;
        }
    }
    return true;
}

/* Serves the next answer; true when the connection stays open behind it. */
static bool serve_one(struct scripted_server *server, int fd)
{
    const struct scripted_answer *answer = &server->answers[server->served];
    struct buffer *request = &server->requests[server->served];
    buffer_init(request, REQUEST_MAX_BYTES);
    if (!read_request(fd, request)) {
        if (request->n > 0)
            server->served++; /* broken off in the middle */
        return false;
    }
    server->served++;
    if (answer->hang)
        wait_for_end(fd);
    if (answer->hang || answer->close_unanswered)
        return false;
    send_all(fd, answer->head);
    send_all(fd, answer->body);
    if (answer->keep_open)
        return true;
    shutdown(fd, SHUT_WR);
    return false;
}

static void serve(void *arg)
{
    struct scripted_server *server = arg;
    while (server->served < server->count) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            return; /* stopped */
        server->connections++;
        while (serve_one(server, fd) && server->served < server->count) {
        }
        close(fd);
    }
}

void scripted_server_start(struct scripted_server *server, const struct scripted_answer *answers,
                           size_t count)
{
    assert(count <= SCRIPTED_ANSWERS_MAX);
    *server = (struct scripted_server){.answers = answers, .count = count};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 ||
        bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server->listener, 8) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &n) != 0)
        abort();
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u",
             (unsigned)ntohs(address.sin_port));
    thread_start(&server->thread, "scripted", serve, server);
}

void scripted_server_finish(struct scripted_server *server)
{
    if (server->finished)
        return;
    shutdown(server->listener, SHUT_RDWR);
    thread_join(&server->thread);
    close(server->listener);
    server->finished = true;
}

void scripted_server_stop(struct scripted_server *server)
{
    scripted_server_finish(server);
    for (size_t i = 0; i < SCRIPTED_ANSWERS_MAX; i++)
        buffer_fini(&server->requests[i]);
}
