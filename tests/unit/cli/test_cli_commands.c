#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/cli_exit.h"
#include "cli/cli_url.h"
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#define A_UUID "01935f6e-7c1e-7a35-9d3f-0c8f3f6f2b11"

enum { WORDS_MAX = 8 };

/* Runs a command with the words given; getopt may reorder them, hence the copies. */
static int run(const char *const *words)
{
    char storage[WORDS_MAX][128];
    char *argv[WORDS_MAX + 1] = {0};
    int argc = 0;
    for (; argc < WORDS_MAX && words[argc] != NULL; argc++) {
        size_t n = strlen(words[argc]) + 1;
        assert_true(n <= sizeof storage[0]);
        memcpy(storage[argc], words[argc], n);
        argv[argc] = storage[argc];
    }
    const struct cli_command *command = cli_find(argv[0]);
    assert_non_null(command);
    return command->main(argc, argv);
}

static void test_find(void **state)
{
    (void)state;
    assert_string_equal(cli_find("send")->name, "send");
    assert_null(cli_find("sen"));
    assert_null(cli_find(""));
    for (size_t i = 0; i < cli_command_count; i++)
        assert_ptr_equal(cli_find(cli_commands[i].name), &cli_commands[i]);
}

static void test_wrong_usage_is_2(void **state)
{
    (void)state;
    static const char *const cases[][WORDS_MAX] = {
        {"login"},
        {"login", "https://a.example", "https://b.example"},
        {"login", "http://a.example"},
        {"login", "ftp://a.example"},
        {"login", "a.example"},
        {"login", "https://user@a.example"},
        {"login", "https://a.example/?x=1"},
        {"login", "https://a.example/#x"},
        {"signup", "https://a.example"},
        {"signup", "https://a.example", "--username", "alice"},
        {"confirm", "https://a.example", "--username", "alice"},
        {"confirm", "https://a.example", "123456"},
        {"logout", "now"},
        {"totp"},
        {"totp", "maybe"},
        {"totp", "on", "off"},
        {"people", "a", "b"},
        {"people", "--limit", "0"},
        {"people", "--limit", "-1"},
        {"people", "--limit", "ten"},
        {"people", "--limit"},
        {"send"},
        {"send", "--to", "bob"},
        {"send", "--text", "hello"},
        {"send", "--to", "bob", "--expires-in", "1h", "x"},
        {"send", "--to", "bob", "x", "y"},
        {"send", "--to"},
        {"inbox", "all"},
        {"inbox", "--limit", "18446744073709551616"},
        {"inbox", "--nonsense"},
        {"inbox", "-x"},
        {"open"},
        {"open", "not-an-id"},
        {"open", A_UUID, A_UUID},
        {"open", "--json", "-o", "-", A_UUID},
        {"key"},
        {"key", "export"},
        {"key", "import", "-o", "x"},
        {"unseal"},
        {"unseal", "message"},
        {"unseal", "--key", "k.pem"},
        {"unseal", "--key", "k.pem", "--raw", "--json", "message"},
        {"version", "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(run(cases[i]), CLI_USAGE);
}

static void test_help_is_0(void **state)
{
    (void)state;
    for (size_t i = 0; i < cli_command_count; i++) {
        assert_int_equal(run((const char *const[]){cli_commands[i].name, "--help", NULL}), CLI_OK);
        assert_int_equal(run((const char *const[]){cli_commands[i].name, "-h", NULL}), CLI_OK);
    }
}

static void test_without_a_session_is_3(void **state)
{
    (void)state;
    static const char *const cases[][WORDS_MAX] = {
        {"logout"},
        {"totp", "on"},
        {"people"},
        {"inbox", "--unread"},
        {"open", A_UUID},
        {"open", "-o", "x", "--force", A_UUID},
        {"send", "--to", "bob", "--text", "hello"},
        {"send", "--to=bob", "--", "-file"},
        {"key", "export", "-o", "/nonexistent/key.pem"},
    };
    assert_int_equal(setenv("XDG_STATE_HOME", "/nonexistent", 1), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(run(cases[i]), CLI_NOT_SIGNED_IN);
}

static void test_missing_local_file_is_7(void **state)
{
    (void)state;
    assert_int_equal(
        run((const char *const[]){"unseal", "--key", "/nonexistent/k.pem", "message", NULL}),
        CLI_LOCAL);
    assert_int_equal(run((const char *const[]){"login", "https://a.example", "--login", "alice",
                                               "--password-file", "/nonexistent/password", NULL}),
                     CLI_LOCAL);
}

static void test_unreachable_server_is_5(void **state)
{
    (void)state;
    /* Port 1 of this machine: nobody listens there. */
    assert_int_equal(run((const char *const[]){"confirm", "http://127.0.0.1:1", "--username",
                                               "alice", "123456", NULL}),
                     CLI_NETWORK);
}

static void assert_url(const char *text, bool insecure_ok, const char *expected)
{
    struct arena arena = {0};
    const char *url = NULL;
    enum cli_exit exit = cli_url_check(&arena, text, insecure_ok, &url);
    assert_int_equal(exit, expected == NULL ? CLI_USAGE : CLI_OK);
    if (expected != NULL)
        assert_string_equal(url, expected);
    arena_fini(&arena);
}

static void test_check_url(void **state)
{
    (void)state;
    assert_url("https://letters.example.org/", false, "https://letters.example.org");
    assert_url("https://letters.example.org:8443", false, "https://letters.example.org:8443");
    assert_url("https://example.org/letters//", false, "https://example.org/letters");
    assert_url("http://localhost:3000", false, "http://localhost:3000");
    assert_url("http://127.0.0.1:3000/", false, "http://127.0.0.1:3000");
    assert_url("http://[::1]:3000", false, "http://[::1]:3000");
    assert_url("http://letters.example.org", false, NULL);
    assert_url("http://letters.example.org", true, "http://letters.example.org");
    assert_url("http://127.example.org", false, NULL);
    assert_url("http://localhost.example.org", false, NULL);
    assert_url("http://localhost@example.org", false, NULL);
    assert_url("file:///etc/passwd", true, NULL);
    assert_url("", false, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_wrong_usage_is_2),
        cmocka_unit_test(test_help_is_0),
        cmocka_unit_test(test_without_a_session_is_3),
        cmocka_unit_test(test_missing_local_file_is_7),
        cmocka_unit_test(test_unreachable_server_is_5),
        cmocka_unit_test(test_check_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
