/* The published vectors for Open Badges 0.5 to 2.0. OBI_VECTORS names the folder that holds ob12/; without it
 * there is nothing to hold against. Cases of what is not verified yet (signed badges, classes other
 * than assertions) may be called invalid when they are valid, never the other way round. */
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#include "badge/verify.h"
#include "core/file.h"
#include "core/limits.h"

static const char *folder;

struct vector {
    struct arena *a;
    json_object  *http, *always;
};

static struct slice
read_vector(struct arena *a, struct slice name)
{
    struct slice text;
    struct err   e = { 0 };

    if (file_read(a, arena_printf(a, "%s/ob12/%.*s", folder, SLICE_FMT(name)), LIMIT_IMAGE_BYTES,
                  &text, &e) != ERR_NONE)
        fail_msg("%.*s cannot be read", SLICE_FMT(name));
    return text;
}

static enum err_code
get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
    struct err *e)
{
    struct vector *v = self;
    const char    *key = arena_str(a, url);
    json_object   *reply = json_get(v->http, key), *status;

    (void)max_bytes;
    if (reply == NULL)
        reply = json_get(v->always, key);
    if (reply == NULL)
        return FAIL(e, FETCH_CONNECT, "not in the vector");
    status = json_get(reply, "status");
    *ret = (struct fetched){ .url = url,
                             .final_url = url,
                             .status = json_object_get_int(status),
                             .content_type = json_get_text(reply, "content_type"),
                             .at_s = 1 };
    ret->body = json_get_text(reply, "text");
    if (ret->body.p == NULL)
        ret->body = read_vector(a, json_get_text(reply, "file"));
    return ERR_NONE;
}

static struct slice
input_of(struct arena *a, json_object *case_)
{
    json_object *input = json_get(case_, "input");
    struct slice value = json_get_text(input, "value");

    return value.p != NULL ? value : read_vector(a, json_get_text(input, "file"));
}

/* What is not verified yet. */
static bool
is_beyond(struct slice id)
{
    static const char *const prefixes[] = { "jws-",
                                            "img-in-png-jws",
                                            "img-in-svg-jws",
                                            "endo-as-input",
                                            "input-badgeclass",
                                            "ctx-inline-full-v2",
                                            "redirect-v11-issuer" };

    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (slice_starts(id, slice_str(prefixes[i])))
            return true;
    return false;
}

static bool
has_message(const struct report *r, json_object *error)
{
    struct slice name = json_get_text(error, "name"), prop = json_get_text(error, "prop_name");

    for (size_t i = 0; i < r->message_count; i++)
        if (r->messages[i].level == REPORT_LEVEL_ERROR &&
            slice_eq(slice_str(r->messages[i].name), name) &&
            (prop.p == NULL || slice_eq(prop, r->messages[i].prop)))
            return true;
    return false;
}

struct tally {
    size_t cases, verdicts, beyond, beyond_rejected, errors, errors_named;
    bool   false_acceptance, disagreement;
};

static void
count_errors(json_object *expect, const struct report *r, struct slice id, struct tally *t)
{
    json_object *errors = json_get(expect, "errors");

    for (size_t i = 0; errors != NULL && i < json_object_array_length(errors); i++) {
        json_object *error = json_object_array_get_idx(errors, i);

        t->errors++;
        if (has_message(r, error))
            t->errors_named++;
        else
            print_message("# %.*s: no message %s\n", SLICE_FMT(id),
                          json_object_to_json_string(error));
    }
}

static void
run_case(struct arena *a, json_object *case_, json_object *always, struct tally *t)
{
    struct vector         v = { a, json_get(case_, "http"), always };
    const struct fetcher  fetcher = { get, &v };
    struct slice          id = json_get_text(case_, "id");
    json_object          *expect = json_get(case_, "expect");
    bool                  valid = json_get_bool(expect, "valid"), beyond = is_beyond(id);
    struct verify_options options = { .fetch = &fetcher };
    struct recipient     *asked = NULL;
    struct err            e = { 0 };
    const struct report  *r;

    if (json_get(case_, "profile") != NULL)
        assert_int_equal(recipients_of_profile(a, json_get(case_, "profile"), &asked,
                                               &options.recipient_count, &e),
                         ERR_NONE);
    options.recipients = asked;
    r = badge_verify(a, input_of(a, case_), &options);
    t->cases++;
    t->beyond += beyond;
    t->verdicts += r->valid == valid;
    if (r->valid && !valid)
        t->false_acceptance = true;
    if (r->valid != valid && beyond)
        t->beyond_rejected++;
    if (r->valid != valid && (!beyond || r->valid)) {
        t->disagreement = true;
        print_message("# %.*s should be %s:\n%.*s\n", SLICE_FMT(id), valid ? "valid" : "invalid",
                      SLICE_FMT(report_lines(a, r)));
    }
    if (!beyond)
        count_errors(expect, r, id, t);
}

static json_object *
manifest(struct arena *a)
{
    struct slice text;
    json_object *doc;
    struct err   e = { 0 };

    /* Larger than any document from outside may be, so not through json_parse. */
    if (file_read(a, arena_printf(a, "%s/ob12/manifest.json", folder), 4 * MIB, &text, &e) !=
        ERR_NONE)
        return NULL;
    doc = json_tokener_parse(arena_str(a, text));
    return doc == NULL ? NULL : json_in_arena(a, doc);
}

static void
the_vectors_verdicts_are_ours(void **state)
{
    struct arena *a = arena_new();
    json_object  *doc, *cases, *always;
    struct tally  t = { 0 };
    (void)state;

    if (folder == NULL) {
        print_message("# skipped: OBI_VECTORS is not set\n");
        arena_free(a);
        return; /* this cmocka says "not ok" of what is skipped */
    }
    doc = manifest(a);
    assert_non_null(doc);
    cases = json_get(doc, "verify");
    always = json_get(doc, "always_http");
    for (size_t i = 0; i < json_object_array_length(cases); i++)
        run_case(a, json_object_array_get_idx(cases, i), always, &t);
    print_message("# %zu of %zu verdicts agree; of the %zu cases not verified yet %zu valid ones "
                  "are refused; %zu of %zu expected messages are there\n",
                  t.verdicts, t.cases, t.beyond, t.beyond_rejected, t.errors_named, t.errors);
    arena_free(a);
    assert_false(t.false_acceptance);
    assert_false(t.disagreement);
    assert_int_equal(t.errors_named, t.errors);
}

/* The slots of the primitives, each in one of the three documents of 2.0. */
enum { ASSERTION_DOC, CLASS_DOC, ISSUER_DOC, DOCS };
static const char *const doc_urls[DOCS] = { "https://example.org/beths-robotics-badge.json",
                                            "https://example.org/robotics-badge.json",
                                            "https://example.org/organization.json" };
static const char *const doc_files[DOCS] = { "base/v20-assertion.json", "base/v20-badgeclass.json",
                                             "base/v20-issuer.json" };

struct base {
    struct arena *a;
    json_object  *docs[DOCS];
};

static enum err_code
get_base(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
         struct err *e)
{
    struct base *b = self;
    (void)e, (void)max_bytes;

    *ret = (struct fetched){ .url = url, .final_url = url, .status = 200, .at_s = 1 };
    for (int i = 0; i < DOCS; i++)
        if (slice_eq(url, slice_str(doc_urls[i]))) {
            ret->body = json_print(a, b->docs[i]);
            return ERR_NONE;
        }
    ret->body = read_vector(a, SL("images/public_domain_heart.png"));
    return ERR_NONE;
}

static void
fill_slot(struct base *b, const char *primitive, json_object *value)
{
    json_object *issuer = b->docs[ISSUER_DOC], *assertion = b->docs[ASSERTION_DOC], *list, *object;

    json_object_get(value);
    if (strcmp(primitive, "URL") == 0) {
        json_put(issuer, "url", value);
    } else if (strcmp(primitive, "IRI") == 0) {
        object = json_put_object(assertion, "evidence");
        json_put_text(object, "name", SL("n"));
        json_put(object, "id", value);
    } else if (strcmp(primitive, "URL_AUTHORITY") == 0) {
        list = json_put_array(json_put_object(issuer, "verification"), "allowedOrigins");
        json_object_array_add(list, value);
        json_add_text(list, SL("example.org"));
    } else if (strcmp(primitive, "TELEPHONE") == 0) {
        json_put(issuer, "telephone", value);
    } else if (strcmp(primitive, "DATETIME") == 0) {
        json_put(assertion, "issuedOn", value);
    } else if (strcmp(primitive, "LANGUAGE") == 0) {
        json_put(b->docs[CLASS_DOC], "@language", value);
    } else if (strcmp(primitive, "BOOLEAN") == 0) {
        json_put(json_get(assertion, "recipient"), "hashed", value);
    } else {
        fail_msg("no slot for %s", primitive);
    }
}

static bool
valid_with(struct arena *a, const char *primitive, json_object *value)
{
    struct base                 b = { .a = a };
    const struct fetcher        fetcher = { get_base, &b };
    const struct verify_options options = { .fetch = &fetcher };
    struct err                  e = { 0 };

    for (int i = 0; i < DOCS; i++) {
        assert_int_equal(json_parse(read_vector(a, slice_str(doc_files[i])), &b.docs[i], &e),
                         ERR_NONE);
        json_in_arena(a, b.docs[i]);
    }
    fill_slot(&b, primitive, value);
    return badge_verify(a, slice_str(doc_urls[ASSERTION_DOC]), &options)->valid;
}

static size_t
wrong_among(struct arena *a, const char *primitive, json_object *values, bool valid)
{
    size_t wrong = 0;

    for (size_t i = 0; i < json_object_array_length(values); i++) {
        json_object *value = json_object_array_get_idx(values, i);

        if (valid_with(a, primitive, value) != valid) {
            print_message("# %s %s should be %s\n", primitive, json_object_to_json_string(value),
                          valid ? "valid" : "invalid");
            wrong++;
        }
    }
    return wrong;
}

static void
the_primitives_are_ours(void **state)
{
    struct arena *a = arena_new();
    json_object  *primitives;
    size_t        wrong = 0;
    (void)state;

    primitives = json_get(manifest(a), "primitives");
    assert_non_null(primitives);
    json_object_object_foreach(primitives, name, primitive)
    {
        wrong += wrong_among(a, name, json_get(primitive, "valid"), true);
        wrong += wrong_among(a, name, json_get(primitive, "invalid"), false);
    }
    arena_free(a);
    assert_int_equal(wrong, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_vectors_verdicts_are_ours),
                                        cmocka_unit_test(the_primitives_are_ours) };

    if ((folder = getenv("OBI_VECTORS")) == NULL) {
        puts("1..0 # SKIP OBI_VECTORS names no folder");
        return 0;
    }
    return RUN_TAP(tests);
}
