/* The published vectors for Open Badges 0.5 to 2.0. OBI_VECTORS names the folder that holds ob12/; without it
 * there is nothing to hold against. */
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

static bool
has_message(const struct report *r, json_object *said, enum report_level level)
{
    struct slice name = json_get_text(said, "name"), prop = json_get_text(said, "prop_name");
    struct slice node = json_get_text(said, "node_id");

    for (size_t i = 0; i < r->message_count; i++) {
        const struct report_message *m = &r->messages[i];

        if (m->level == level && slice_eq(slice_str(m->name), name) &&
            (prop.p == NULL || slice_eq(prop, m->prop)) &&
            (node.p == NULL || slice_starts(node, SL("_:")) || slice_eq(node, m->node)))
            return true;
    }
    return false;
}

struct tally {
    size_t cases, disagreements, errors, missing;
};

static void
complain(struct tally *t, struct slice id, const char *what, json_object *expected)
{
    t->missing++;
    print_message("# %.*s: no %s %s\n", SLICE_FMT(id), what, json_object_to_json_string(expected));
}

static bool
graph_has(const struct report *r, struct slice id)
{
    for (size_t i = 0; i < json_object_array_length(r->graph); i++)
        if (slice_eq(json_get_text(json_object_array_get_idx(r->graph, i), "id"), id))
            return true;
    return false;
}

static void
hold_messages(json_object *all, const struct report *r, enum report_level level, struct slice id,
              struct tally *t)
{
    for (size_t i = 0; json_is_array(all) && i < json_object_array_length(all); i++) {
        json_object *one = json_object_array_get_idx(all, i);

        t->errors++;
        if (!has_message(r, one, level))
            complain(t, id, level == REPORT_LEVEL_ERROR ? "error" : "warning", one);
    }
}

/* What the case says of the report besides its verdict. */
static void
hold_report(json_object *expect, const struct report *r, struct slice id, bool is_reference,
            struct tally *t)
{
    json_object *ids = json_get(expect, "graph_ids");
    struct slice subject = json_get_text(expect, "validation_subject");
    struct slice version = json_get_text(expect, "open_badges_version");
    struct slice type = json_get_text(expect, "input_type");

    hold_messages(json_get(expect, "errors"), r, REPORT_LEVEL_ERROR, id, t);
    hold_messages(json_get(expect, "warnings"), r, REPORT_LEVEL_WARNING, id, t);
    if (!is_reference) /* what is refused on sight is not read any further */
        return;
    if (subject.p != NULL && !slice_eq(subject, r->subject))
        complain(t, id, "subject", json_get(expect, "validation_subject"));
    if (version.p != NULL && !slice_eq(version, slice_str(r->version)))
        complain(t, id, "version", json_get(expect, "open_badges_version"));
    if (type.p != NULL && !slice_eq(type, slice_str(r->input_type)))
        complain(t, id, "input type", json_get(expect, "input_type"));
    for (size_t i = 0; json_is_array(ids) && i < json_object_array_length(ids); i++)
        if (!graph_has(r, json_text(json_object_array_get_idx(ids, i))))
            complain(t, id, "object", json_object_array_get_idx(ids, i));
}

static void
run_case(struct arena *a, json_object *case_, json_object *always, struct tally *t)
{
    struct vector         v = { a, json_get(case_, "http"), always };
    const struct fetcher  fetcher = { get, &v };
    struct slice          id = json_get_text(case_, "id");
    json_object          *expect = json_get(case_, "expect");
    bool                  valid = json_get_bool(expect, "valid");
    struct verify_options options = { .fetch = &fetcher };
    struct recipient     *asked = NULL;
    const struct report  *r;
    struct err            e = { 0 };

    if (json_get(case_, "profile") != NULL)
        assert_int_equal(recipients_of_profile(a, json_get(case_, "profile"), &asked,
                                               &options.recipient_count, &e),
                         ERR_NONE);
    options.recipients = asked;
    r = badge_verify(a, input_of(a, case_), &options);
    t->cases++;
    if (r->valid != valid) {
        t->disagreements++;
        print_message("# %.*s should be %s:\n%.*s\n", SLICE_FMT(id), valid ? "valid" : "invalid",
                      SLICE_FMT(report_lines(a, r)));
    }
    hold_report(expect, r, id, slice_eq(json_get_text(case_, "basis"), SL("reference")), t);
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
    print_message("# %zu of %zu verdicts agree; %zu of %zu messages are there\n",
                  t.cases - t.disagreements, t.cases, t.errors - t.missing, t.errors);
    arena_free(a);
    assert_int_equal(t.disagreements, 0);
    assert_int_equal(t.missing, 0);
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
