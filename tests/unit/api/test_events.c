#include "desk.h"

#include "core/events.h"
#include "core/letters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NO_BODY ((struct bytes){0})

static struct api_source *open_stream(struct desk *desk, enum office_user user)
{
    assert_int_equal(desk_call(desk, user, API_GET, "/v1/events", NO_BODY), 200);
    assert_string_equal(rig_reply_header(&desk->rig, "Content-Type"), "text/event-stream");
    assert_string_equal(rig_reply_header(&desk->rig, "Cache-Control"), "no-store");
    assert_string_equal(rig_reply_header(&desk->rig, "X-Accel-Buffering"), "no");
    return desk->rig.call.reply.source;
}

/* What the stream has to say now, read in small pieces. */
static const char *read_text(struct desk *desk)
{
    struct api_source *source = desk->rig.call.reply.source;
    struct buffer text;
    buffer_init(&text, 1u << 20);
    for (;;) {
        uint8_t data[57];
        size_t got = 0;
        assert_int_equal(source->read(source, &desk->rig.call.ctx, data, sizeof data, &got),
                         ERR_OK);
        if (got == 0)
            break;
        buffer_append(&text, bytes_of(data, got));
    }
    const char *result = arena_str(&desk->office->scratch.arena, buffer_bytes(&text));
    buffer_fini(&text);
    return result;
}

static struct message_record send_text(struct desk *desk, enum office_user from, const char *to)
{
    struct message_record letter;
    struct letter_draft draft = {.to = bytes_of_str(to), .text = BYTES_LIT("x"), .copy = true};
    assert_int_equal(office_send(desk->office, from, &draft, -1, &letter, NULL), ERR_OK);
    return letter;
}

static bool has_letter(const char *text, const struct message_record *letter)
{
    char id[UUID_TEXT_BYTES];
    char line[64];
    uuid_format(&letter->id, id);
    (void)snprintf(line, sizeof line, "id: %s\nevent: letter\ndata: {", id);
    return strstr(text, line) != NULL;
}

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static void test_letters_and_counts_arrive(void **state)
{
    struct desk *desk = *state;
    struct api_source *source = open_stream(desk, BOB);
    const char *text = read_text(desk);
    assert_non_null(strstr(text, "retry: "));
    assert_non_null(strstr(text, "event: unread\ndata: {\"count\":0}\n\n"));
    bool woken = false;
    assert_true(source->arm(source, set_flag, &woken));
    struct message_record letter = send_text(desk, ALICE, "bob");
    assert_true(woken);
    text = read_text(desk);
    assert_true(has_letter(text, &letter));
    assert_non_null(strstr(text, "\"username\":\"alice\""));
    assert_non_null(strstr(text, "event: unread\ndata: {\"count\":1}\n\n"));
    assert_int_equal(
        letters_mark_read(&desk->office->core, office_as(desk->office, BOB), &letter.id), ERR_OK);
    text = read_text(desk);
    assert_non_null(strstr(text, "event: read\ndata: {\"id\":\""));
    assert_non_null(strstr(text, "event: unread\ndata: {\"count\":0}\n\n"));
    assert_false(source->ended);
}

static void test_senders_see_what_becomes_of_letters(void **state)
{
    struct desk *desk = *state;
    struct api_source *source = open_stream(desk, ALICE);
    (void)read_text(desk);
    struct message_record letter = send_text(desk, ALICE, "bob");
    assert_true(has_letter(read_text(desk), &letter));
    (void)send_text(desk, EVE, "bob");
    assert_string_equal(read_text(desk), "");
    assert_int_equal(
        letters_mark_read(&desk->office->core, office_as(desk->office, BOB), &letter.id), ERR_OK);
    assert_non_null(strstr(read_text(desk), "event: read\n"));
    assert_false(source->ended);
}

static void test_resuming_repeats_what_was_missed(void **state)
{
    struct desk *desk = *state;
    struct message_record first = send_text(desk, ALICE, "bob");
    struct message_record second = send_text(desk, EVE, "bob");
    char id[UUID_TEXT_BYTES];
    uuid_format(&first.id, id);
    desk_header(desk, "last-event-id", id);
    (void)open_stream(desk, BOB);
    const char *text = read_text(desk);
    assert_true(has_letter(text, &second));
    assert_non_null(strstr(text, "\"count\":2"));
    desk_header(desk, "last-event-id", "nonsense");
    (void)open_stream(desk, BOB);
    assert_false(has_letter(read_text(desk), &second));
}

static void test_slow_and_expired_streams_end(void **state)
{
    struct desk *desk = *state;
    struct api_source *source = open_stream(desk, BOB);
    (void)read_text(desk);
    for (int i = 0; i < 70; i++)
        (void)send_text(desk, ALICE, "bob");
    assert_string_equal(read_text(desk), "");
    assert_true(source->ended);
    desk->office->actors[BOB].expires_unix_ms = 1;
    source = open_stream(desk, BOB);
    assert_non_null(strstr(read_text(desk), "event: unread\n"));
    assert_true(source->ended);
}

static void test_streams_are_limited(void **state)
{
    struct desk *desk = *state;
    struct event_stream *streams[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            events_open(desk->office->core.events, &desk->office->actors[BOB].user_id, &streams[i]),
            ERR_OK);
    assert_int_equal(desk_call(desk, BOB, API_GET, "/v1/events", NO_BODY), 429);
    assert_string_equal(rig_problem(&desk->rig), "too_many_streams");
    for (size_t i = 0; i < 4; i++)
        events_close(streams[i]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_letters_and_counts_arrive),
        TEST(test_senders_see_what_becomes_of_letters),
        TEST(test_resuming_repeats_what_was_missed),
        TEST(test_slow_and_expired_streams_end),
        TEST(test_streams_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
