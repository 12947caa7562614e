/* Exchanges with a peer that misbehaves as told. */
#include "aws/client/transport.h"
#include "base/clock.h"
#include "loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct rig {
    struct loopback peer;
    struct transport *transport;
    struct transport_request request;
    struct transport_answer answer;
    const char *cause;
};

static int set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){.transport = transport_create("")};
    loopback_init(&rig.peer);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    transport_answer_fini(&rig->answer);
    transport_destroy(rig->transport);
    loopback_fini(&rig->peer);
    return 0;
}

static void start(struct rig *rig, const char *method)
{
    loopback_start(&rig->peer);
    rig->request = (struct transport_request){
        .method = method,
        .url = arena_printf(&rig->peer.arena, "%s/a/../b//c?x=1", rig->peer.server.url),
        .body = strcmp(method, "POST") == 0 ? BYTES_LIT("{}") : (struct bytes){0},
        .timeout_ms = 10000,
        .answer_max = 100,
    };
}

static enum transport_outcome exchange(struct rig *rig)
{
    transport_answer_fini(&rig->answer);
    return transport_exchange(rig->transport, &rig->request, &rig->answer, &rig->cause);
}

static void end(struct rig *rig)
{
    transport_destroy(rig->transport);
    rig->transport = NULL;
}

static void test_the_request_is_sent_as_it_is_signed(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "ETag: \"1\"\r\nDate: D\r\nX-Amz-Crc32:  9 \r\n", "body");
    start(rig, "POST");
    rig->request.headers[0] = (struct transport_header){"X-Amz-Target", "T.Op"};
    rig->request.headers[1] = (struct transport_header){"X-Amz-Meta-Empty", ""};
    rig->request.headers[2] = (struct transport_header){"Host", "other.example:99"};
    rig->request.header_count = 3;
    assert_int_equal(exchange(rig), TRANSPORT_ANSWERED);
    assert_int_equal(rig->answer.status, 200);
    assert_true(bytes_equal_str(buffer_bytes(&rig->answer.body), "body"));
    assert_string_equal(rig->answer.etag, "\"1\"");
    assert_string_equal(rig->answer.date, "D");
    assert_string_equal(rig->answer.crc32, "9");
    assert_string_equal(rig->answer.error_type, "");
    end(rig);
    struct loopback *peer = &rig->peer;
    assert_true(loopback_request_has(peer, 0, "POST /a/../b//c?x=1 HTTP/1.1\r\n"));
    assert_true(loopback_request_has(peer, 0, "\r\nX-Amz-Target: T.Op\r\n"));
    assert_true(loopback_request_has(peer, 0, "\r\nX-Amz-Meta-Empty:\r\n"));
    assert_true(loopback_request_has(peer, 0, "\r\nHost: other.example:99\r\n"));
    assert_true(loopback_request_has(peer, 0, "\r\nContent-Length: 2\r\n"));
    assert_false(loopback_request_has(peer, 0, "\r\nContent-Type:"));
    assert_false(loopback_request_has(peer, 0, "\r\nExpect:"));
}

static void test_a_connection_is_used_again(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "1")->keep_open = true;
    loopback_answer(&rig->peer, "200 OK", "", "2")->keep_open = true;
    start(rig, "POST");
    assert_int_equal(exchange(rig), TRANSPORT_ANSWERED);
    assert_int_equal(exchange(rig), TRANSPORT_ANSWERED);
    end(rig);
    scripted_server_finish(&rig->peer.server);
    assert_int_equal(rig->peer.server.connections, 1);
}

/* libcurl would by itself: the peer saw the request, and may have carried it out. */
static void test_a_request_is_sent_once_on_a_connection_that_breaks(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "1")->keep_open = true;
    loopback_answer(&rig->peer, "200 OK", "", "2")->close_unanswered = true;
    start(rig, "POST");
    assert_int_equal(exchange(rig), TRANSPORT_ANSWERED);
    assert_int_equal(exchange(rig), TRANSPORT_LOST);
    assert_string_equal(rig->cause, "the connection was closed");
    end(rig);
    scripted_server_finish(&rig->peer.server);
    assert_int_equal(rig->peer.server.served, 2);
}

static void test_half_an_answer_is_none(void **state)
{
    struct rig *rig = *state;
    struct scripted_answer *answer = loopback_answer(&rig->peer, "200 OK", "", "whole");
    answer->body = bytes_slice(answer->body, 0, 3);
    start(rig, "GET");
    assert_int_equal(exchange(rig), TRANSPORT_LOST);
}

static void test_a_large_answer_is_cut_off(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "",
                    "0123456789012345678901234567890123456789012345678901234567890123456789"
                    "0123456789012345678901234567890");
    start(rig, "GET");
    assert_int_equal(exchange(rig), TRANSPORT_TOO_LARGE);
}

static void test_an_interim_answer_is_forgotten(void **state)
{
    struct rig *rig = *state;
    struct scripted_answer *answer = loopback_answer(&rig->peer, "200 OK", "Date: D\r\n", "");
    const char *head = arena_printf(&rig->peer.arena, "HTTP/1.1 103 Hints\r\nETag: \"x\"\r\n\r\n%s",
                                    (const char *)answer->head.p);
    answer->head = bytes_of_str(head);
    start(rig, "GET");
    assert_int_equal(exchange(rig), TRANSPORT_ANSWERED);
    assert_string_equal(rig->answer.etag, "");
    assert_string_equal(rig->answer.date, "D");
}

static void test_a_hung_peer_costs_the_timeout(void **state)
{
    struct rig *rig = *state;
    loopback_answer(&rig->peer, "200 OK", "", "")->hang = true;
    start(rig, "GET");
    rig->request.timeout_ms = 100;
    int64_t began_ms = clock_mono_ms();
    assert_int_equal(exchange(rig), TRANSPORT_LOST);
    assert_in_range(clock_mono_ms() - began_ms, 90, 5000);
}

static void test_nobody_listens(void **state)
{
    struct rig *rig = *state;
    start(rig, "GET");
    scripted_server_stop(&rig->peer.server); /* its port is free now */
    rig->peer.started = false;
    assert_int_equal(exchange(rig), TRANSPORT_NOT_SENT);
}

static void test_no_time_is_left(void **state)
{
    struct rig *rig = *state;
    start(rig, "GET");
    rig->request.timeout_ms = 0;
    assert_int_equal(exchange(rig), TRANSPORT_NOT_SENT);
}

static void test_headers_cannot_be_smuggled(void **state)
{
    struct rig *rig = *state;
    start(rig, "GET");
    rig->request.header_count = 1;
    rig->request.headers[0] = (struct transport_header){"X-Amz-Meta-A", "1\r\nX-Evil: 2"};
    assert_int_equal(exchange(rig), TRANSPORT_REFUSED);
    char *value = arena_alloc(&rig->peer.arena, 8194);
    memset(value, 'x', 8193);
    rig->request.headers[0] = (struct transport_header){"X-Amz-Meta-A", value};
    assert_int_equal(exchange(rig), TRANSPORT_REFUSED);
}

static void test_other_protocols_are_refused(void **state)
{
    struct rig *rig = *state;
    start(rig, "GET");
    rig->request.url = "file:///etc/hostname";
    assert_int_equal(exchange(rig), TRANSPORT_REFUSED);
}

#define EXCHANGE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXCHANGE_TEST(test_the_request_is_sent_as_it_is_signed),
        EXCHANGE_TEST(test_a_connection_is_used_again),
        EXCHANGE_TEST(test_a_request_is_sent_once_on_a_connection_that_breaks),
        EXCHANGE_TEST(test_half_an_answer_is_none),
        EXCHANGE_TEST(test_a_large_answer_is_cut_off),
        EXCHANGE_TEST(test_an_interim_answer_is_forgotten),
        EXCHANGE_TEST(test_a_hung_peer_costs_the_timeout),
        EXCHANGE_TEST(test_nobody_listens),
        EXCHANGE_TEST(test_no_time_is_left),
        EXCHANGE_TEST(test_headers_cannot_be_smuggled),
        EXCHANGE_TEST(test_other_protocols_are_refused),
    };
    return cmocka_run_group_tests_name("aws_transport", tests, NULL, NULL);
}
