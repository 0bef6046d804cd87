#include <stdio.h>

#include "cli_int.h"

static const struct cli_option *
find(const struct cli_option *options, size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(name, slice_str(options[i].name)))
            return &options[i];
    return NULL;
}

static bool
set_value(const struct cli_option *option, struct slice value)
{
    if (option->values == NULL) {
        *option->value = value;
        return true;
    }
    if (*option->value_count == CLI_VALUES_MAX)
        return false;
    option->values[(*option->value_count)++] = value;
    return true;
}

/* Takes the option at argv[*at]; moves *at when its value is the next word. NULL, or what is wrong.
 */
static const char *
take(int argc, char **argv, int *at, const struct cli_option *options, size_t count)
{
    struct slice             name = slice_from(slice_str(argv[*at]), 2), value = SLICE_NONE;
    const struct cli_option *option;
    size_t                   equals;

    if (slice_find(name, SL("="), &equals)) {
        value = slice_str(argv[*at] + 2 + equals + 1);
        name = slice_first(name, equals);
    }
    if ((option = find(options, count, name)) == NULL)
        return "there is no such option";
    if (option->flag != NULL) {
        *option->flag = true;
        return value.p == NULL ? NULL : "takes no value";
    }
    if (value.p == NULL) {
        if (*at + 1 >= argc)
            return "lacks its value";
        value = slice_str(argv[++*at]);
    }
    return set_value(option, value) ? NULL : "was given too often";
}

int
cli_options(int argc, char **argv, const char *help, const struct cli_option *options, size_t count,
            size_t *ret_operands)
{
    size_t operands = 0;
    bool   over = false;

    for (int i = 1; i < argc; i++) {
        const char *option = argv[i], *wrong;

        if (over || strncmp(option, "--", 2) != 0) {
            argv[++operands] = argv[i];
        } else if (option[2] == '\0') {
            over = true;
        } else if (strcmp(option, "--help") == 0) {
            fputs(help, stdout);
            return -1;
        } else if ((wrong = take(argc, argv, &i, options, count)) != NULL) {
            fprintf(stderr, "obi %s: %s: %s\n", argv[0], option, wrong);
            return CLI_USAGE;
        }
    }
    *ret_operands = operands;
    return CLI_OK;
}
