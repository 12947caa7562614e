#include "cli/cli_options.h"

#include "base/bytes.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { HELP_VALUE = 1000, OPTION_VALUE = 1001 };

static int command_length(const struct cli_syntax *syntax)
{
    /* "key export -o …": the words before the first operand or option. */
    const char *s = syntax->synopsis;
    size_t n = strcspn(s, "-[ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    while (n > 0 && s[n - 1] == ' ')
        n--;
    return (int)n;
}

enum cli_exit cli_options_refuse(const struct cli_syntax *syntax, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return cli_fail(CLI_USAGE, "%s\nTry 'letterlock %.*s --help'.", text, command_length(syntax),
                    syntax->synopsis);
}

static void print_option(char letter, const char *name, const char *argument, const char *help)
{
    char left[64];
    char short_form[] = "-x, ";
    short_form[1] = letter;
    snprintf(left, sizeof left, "  %s--%s%s%s", letter == 0 ? "    " : short_form, name,
             argument == NULL ? "" : " ", argument == NULL ? "" : argument);
    printf("%-28s  %s\n", left, help);
}

static void print_help(const struct cli_syntax *syntax)
{
    printf("Usage: letterlock %s\n\n%s\n\nOptions:\n", syntax->synopsis, syntax->summary);
    for (size_t i = 0; i < syntax->option_count; i++) {
        const struct cli_option *o = &syntax->options[i];
        print_option(o->letter, o->name, o->argument, o->help);
    }
    print_option('h', "help", NULL, "print this and exit");
}

static const struct cli_option *find_letter(const struct cli_syntax *syntax, int letter)
{
    for (size_t i = 0; i < syntax->option_count; i++)
        if (syntax->options[i].letter != 0 && syntax->options[i].letter == letter)
            return &syntax->options[i];
    return NULL;
}

static enum cli_exit store(const struct cli_syntax *syntax, const struct cli_option *option,
                           const char *value)
{
    if (option->flag != NULL) {
        *option->flag = true;
        return CLI_OK;
    }
    if (option->value != NULL) {
        *option->value = value;
        return CLI_OK;
    }
    uint64_t number = 0;
    if (!bytes_to_u64(bytes_of_str(value), INT64_MAX, &number) || number == 0)
        return cli_options_refuse(syntax, "--%s takes a whole number above 0.", option->name);
    *option->number = (int64_t)number;
    return CLI_OK;
}

/* What getopt_long needs of the table: long options and "x:"-style letters. */
static void describe(const struct cli_syntax *syntax, struct option *longs, char *letters)
{
    size_t n = 0;
    letters[n++] = ':'; /* tells a missing value from an unknown option */
    letters[n++] = 'h';
    for (size_t i = 0; i < syntax->option_count; i++) {
        const struct cli_option *o = &syntax->options[i];
        int has_value = o->argument == NULL ? no_argument : required_argument;
        longs[i] = (struct option){o->name, has_value, NULL, OPTION_VALUE + (int)i};
        if (o->letter != 0)
            letters[n++] = o->letter;
        if (o->letter != 0 && o->argument != NULL)
            letters[n++] = ':';
    }
    letters[n] = '\0';
    longs[syntax->option_count] = (struct option){"help", no_argument, NULL, HELP_VALUE};
    longs[syntax->option_count + 1] = (struct option){0};
}

/* Handles one result of getopt_long; *help when it asks for help. */
static enum cli_exit take(const struct cli_syntax *syntax, int found, char **argv, bool *help)
{
    const struct cli_option *option = NULL;
    if (found == HELP_VALUE || found == 'h') {
        *help = true;
        return CLI_OK;
    }
    if (found == ':')
        return cli_options_refuse(syntax, "%s needs a value.", argv[optind - 1]);
    if (found >= OPTION_VALUE)
        option = &syntax->options[found - OPTION_VALUE];
    else
        option = find_letter(syntax, found);
    if (option == NULL)
        return cli_options_refuse(syntax, "There is no option %s.", argv[optind - 1]);
    return store(syntax, option, optarg);
}

bool cli_options_parse(const struct cli_syntax *syntax, int argc, char **argv, char ***operands,
                       enum cli_exit *exit)
{
    assert(syntax->option_count <= CLI_OPTIONS_MAX);
    struct option longs[CLI_OPTIONS_MAX + 2];
    char letters[2 * CLI_OPTIONS_MAX + 3];
    describe(syntax, longs, letters);

    bool help = false;
    *exit = CLI_OK;
    optind = 0; /* glibc: start over, also after an earlier parse */
    opterr = 0;
    int found;
    while (*exit == CLI_OK && !help &&
           (found = getopt_long(argc, argv, letters, longs, NULL)) != -1)
        *exit = take(syntax, found, argv, &help);
    if (help)
        print_help(syntax);
    if (help || *exit != CLI_OK)
        return false;

    int count = argc - optind;
    if (count < syntax->operands_min)
        *exit = cli_options_refuse(syntax, "Something is missing: letterlock %s", syntax->synopsis);
    if (count > syntax->operands_max)
        *exit = cli_options_refuse(syntax, "There is one word too many: %s",
                                   argv[optind + syntax->operands_max]);
    *operands = argv + optind;
    return *exit == CLI_OK;
}
