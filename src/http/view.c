#include "http/view.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/uri.h"
#include "http/site.h"
#include "json/json.h"

enum { DAY_S = 24 * 60 * 60, MAX_NAME = 96 };

static void
put_beside(json_object *model, const char *name, const char *suffix, struct slice text)
{
    char full[MAX_NAME + 16];

    snprintf(full, sizeof full, "%.*s%s", MAX_NAME, name, suffix);
    json_put_text(model, full, text);
}

void
view_url(json_object *model, const char *name, struct slice url)
{
    struct uri u;

    if (!uri_is_web(url) || !uri_parse(url, &u))
        return;
    json_put_text(model, name, url);
    put_beside(model, name, "_host", u.host);
}

static struct slice
object_name(void *self, struct slice name)
{
    char         key[MAX_NAME];
    json_object *value;

    if (name.n >= sizeof key)
        return SLICE_NONE;
    memcpy(key, name.p, name.n);
    key[name.n] = '\0';
    if ((value = json_get(self, key)) == NULL)
        return SLICE_NONE;
    return slice_str(json_object_get_string(value));
}

static const struct catalogue *
words_of(const struct req *r)
{
    return site_catalogue(r->app->site, r->language);
}

struct slice
view_text(const struct req *r, const char *message_id, json_object *names)
{
    const struct catalogue_names with = { object_name, names };

    return catalogue_text(words_of(r), r->arena, slice_str(message_id),
                          names == NULL ? NULL : &with);
}

struct slice
view_text_or(const struct req *r, const char *message_id, struct slice english, json_object *names)
{
    return catalogue_has(words_of(r), slice_str(message_id)) ? view_text(r, message_id, names)
                                                             : english;
}

enum err_code
view_fragment(const struct req *r, const char *name, json_object *model, struct slice *ret,
              struct err *e)
{
    enum err_code rc = templates_render(site_templates(r->app->site), r->arena, name, NULL, model,
                                        words_of(r), ret, e);

    if (rc == ERR_NONE)
        *ret = slice_trim(*ret);
    return rc;
}

/* The order of day, month and year is the catalogue's, as are the months' names. */
static struct slice
date_text(const struct req *r, int64_t year, unsigned month, unsigned day)
{
    SCOPED(json_drop) json_object *names = json_object_new_object();
    char                           id[24];

    snprintf(id, sizeof id, "date.month.%u", month);
    json_put_text(names, "month", view_text(r, id, NULL));
    json_put_number(names, "day", day);
    json_put_number(names, "year", year);
    return view_text(r, "date.long", names);
}

void
view_date(const struct req *r, json_object *model, const char *name, int64_t unix_s)
{
    int64_t  days = unix_s >= 0 ? unix_s / DAY_S : (unix_s - DAY_S + 1) / DAY_S, year;
    unsigned month, day;

    if (unix_s == 0)
        return;
    clock_date(days, &year, &month, &day);
    json_put_text(model, name, date_text(r, year, month, day));
    put_beside(model, name, "_iso", slice_first(clock_iso8601(r->arena, unix_s), 10));
}

struct slice
view_absolute(const struct req *r, struct slice path)
{
    return arena_printf(r->arena, "%.*s%.*s", SLICE_FMT(r->app->conf->base_url), SLICE_FMT(path));
}

/* Ids of the two lists in core/, under which the catalogue has their sentences. */
static struct slice
error_text(const struct req *r, struct slice id, struct slice english)
{
    return view_text_or(r, arena_printf(r->arena, "error.%.*s", SLICE_FMT(id)).p, english, NULL);
}

static struct slice
cause_text_of(const struct req *r, struct slice id, const struct slice args[CAUSE_ARGS],
              struct slice english)
{
    SCOPED(json_drop) json_object *names = json_object_new_object();

    json_put_text(names, "0", args[0]);
    json_put_text(names, "1", args[1]);
    return view_text_or(r, arena_printf(r->arena, "cause.%.*s", SLICE_FMT(id)).p, english, names);
}

static struct slice
cause_of(const struct req *r, const struct err *e)
{
    struct cause cause = err_cause(r->arena, e);

    return cause.id == CAUSE_NONE
               ? cause.text
               : cause_text_of(r, slice_str(cause_name(cause.id)), cause.args, slice_str(e->cause));
}

static bool
has_row(const struct req *r, const char *head, struct slice id)
{
    return id.n == 0 ||
           catalogue_has(words_of(r), arena_printf(r->arena, "%s.%.*s", head, SLICE_FMT(id)));
}

struct slice
view_why(const struct req *r, json_object *why, struct slice english)
{
    SCOPED(json_drop) json_object *names = json_object_new_object();
    struct slice error = json_get_text(why, "error"), id = json_get_text(why, "id"), cause;
    json_object *all = json_get(why, "args");
    struct slice args[CAUSE_ARGS] = { SL(""), SL("") };

    if (error.n + id.n == 0 || !has_row(r, "error", error) || !has_row(r, "cause", id))
        return english;
    for (size_t i = 0; i < CAUSE_ARGS && json_is_array(all) && i < json_object_array_length(all);
         i++)
        args[i] = json_text(json_object_array_get_idx(all, i));
    if (id.n == 0)
        return error_text(r, error, english);
    cause = cause_text_of(r, id, args, SL(""));
    if (error.n == 0)
        return cause;
    json_put_text(names, "error", error_text(r, error, SL("")));
    json_put_text(names, "cause", cause);
    return view_text(r, "error.with_cause", names);
}

static void
put_set(json_object *model, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    json_put_text(model, name, slice_str(text));
    json_put_bool(model, "has_more", true);
}

json_object *
view_err(const struct req *r, const struct err *e)
{
    json_object *model = json_object_new_object();

    json_put_text(model, "reason", slice_str(err_reason(e->code)));
    json_put_text(model, "sentence",
                  error_text(r, slice_str(err_name(e->code)), slice_str(err_sentence(e->code))));
    put_set(model, "url", e->url);
    put_set(model, "field", e->field);
    put_set(model, "received", e->received);
    put_set(model, "cause", cause_of(r, e).p);
    return model;
}
