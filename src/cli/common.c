#include <stdio.h>

#include "cli_int.h"

void
cli_say_mistakes(const struct conf_mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct conf_mistake *m = &mistakes[i];

        if (m->line > 0)
            fprintf(stderr, "%.*s:%d: %.*s: %.*s\n", SLICE_FMT(m->file), m->line, SLICE_FMT(m->key),
                    SLICE_FMT(m->reason));
        else
            fprintf(stderr, "%.*s: %.*s: %.*s\n", SLICE_FMT(m->file), SLICE_FMT(m->key),
                    SLICE_FMT(m->reason));
    }
}

const struct conf *
cli_conf(struct arena *a, const struct slice *files, size_t count, const char *needs)
{
    const struct conf   *conf = NULL;
    struct conf_mistake *mistakes = NULL;
    size_t               mistake_count = 0;
    struct err           e = { 0 };

    if (count == 0) {
        fputs("obi: this needs a configuration: --conf FILE\n", stderr);
        return NULL;
    }
    if (conf_load(a, files, count, needs, &conf, &mistakes, &mistake_count, &e) == ERR_NONE)
        return conf;
    if (mistake_count > 0)
        cli_say_mistakes(mistakes, mistake_count);
    else
        fprintf(stderr, "obi: the configuration cannot be read: %s\n", e.detail);
    return NULL;
}

int
cli_fail(const struct err *e)
{
    const struct {
        const char *name, *text;
    } parts[] = {
        { "url", e->url }, { "field", e->field }, { "received", e->received }, { "cause", e->cause }
    };

    fprintf(stderr, "obi: %s", err_sentence(e->code));
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (parts[i].text[0] != '\0')
            fprintf(stderr, " %s: %s", parts[i].name, parts[i].text);
    if (err_status(e->code) >= 500 && e->detail[0] != '\0')
        fprintf(stderr, " (%s)", e->detail);
    fputc('\n', stderr);
    return err_status(e->code) >= 500 ? CLI_TROUBLE : CLI_NO;
}
