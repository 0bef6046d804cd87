#include "http/catalogue.h"

#include <gettext-po.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/sbuf.h"

/* The library keeps a little of every file it reads; it is read once. */
#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_disable() ((void)0)
#define __lsan_enable() ((void)0)
#endif

enum { MAX_FORMS = 6 };

struct message {
    struct slice id;
    struct slice forms[MAX_FORMS]; /* only the first when it has no plural */
    size_t       form_count;
};

struct catalogue {
    struct arena   *arena;
    struct slice    language, plural; /* the expression */
    struct message *messages;         /* by id */
    size_t          count;
    bool            pseudo;
};

/* libgettextpo reports through functions without a `self` and may not return from a fatal error. */
static struct {
    jmp_buf fatal;
    char    first[256];
} reading;

static void
note_problem(int severity, po_message_t message, const char *file, size_t line, size_t column,
             int multiline, const char *text)
{
    (void)message, (void)file, (void)column, (void)multiline;
    if (severity >= PO_SEVERITY_ERROR && reading.first[0] == '\0')
        snprintf(reading.first, sizeof reading.first, "line %zd: %s", (ssize_t)line, text);
    if (severity == PO_SEVERITY_FATAL_ERROR)
        longjmp(reading.fatal, 1);
}

static void
note_problem_of_two(int severity, po_message_t m1, const char *file1, size_t line1, size_t column1,
                    int multiline1, const char *text1, po_message_t m2, const char *file2,
                    size_t line2, size_t column2, int multiline2, const char *text2)
{
    (void)m2, (void)file2, (void)line2, (void)column2, (void)multiline2, (void)text2;
    note_problem(severity, m1, file1, line1, column1, multiline1, text1);
}

/* The library reads files only: the text goes into one without a name. */
static po_file_t
read_po(struct slice text)
{
    static const struct po_xerror_handler handler = { note_problem, note_problem_of_two };
    volatile po_file_t                    file = NULL;
    char                                  path[64];
    int                                   fd = memfd_create("catalogue", MFD_CLOEXEC);

    reading.first[0] = '\0';
    __lsan_disable();
    if (fd < 0 || write(fd, text.p, text.n) != (ssize_t)text.n) {
        snprintf(reading.first, sizeof reading.first, "cannot make a file in memory");
    } else if (setjmp(reading.fatal) == 0) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        file = po_file_read(path, &handler);
    }
    __lsan_enable();
    if (fd >= 0)
        close(fd);
    if (file == NULL && reading.first[0] == '\0')
        snprintf(reading.first, sizeof reading.first, "cannot be read");
    return file;
}

static void
pseudo_letter(char c, struct sbuf *to)
{
    static const char *const accented[26] = { "á", "ƀ", "ç", "đ", "é", "ƒ", "ğ", "ĥ", "í",
                                              "ĵ", "ķ", "ĺ", "ɱ", "ñ", "ó", "þ", "ɋ", "ŕ",
                                              "š", "ţ", "ú", "ṽ", "ŵ", "ẋ", "ý", "ž" };

    if (c >= 'a' && c <= 'z')
        sbuf_add_str(to, accented[c - 'a']);
    else
        sbuf_add_char(to, c);
}

/* ⟦Šíĝñ íñ⟧: longer than English and in letters it has not, but readable; placeholders stay. */
static struct slice
pseudo_sentence(struct arena *a, struct slice text)
{
    struct sbuf to;
    bool        name = false;

    sbuf_init(&to, a);
    sbuf_add_str(&to, "⟦");
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '{')
            name = true;
        if (name)
            sbuf_add_char(&to, text.p[i]);
        else
            pseudo_letter(text.p[i], &to);
        if (text.p[i] == '}')
            name = false;
    }
    sbuf_add_str(&to, "⟧");
    return sbuf_slice(&to);
}

static struct slice
keep_sentence(struct catalogue *c, const char *text)
{
    return c->pseudo ? pseudo_sentence(c->arena, slice_str(text))
                     : arena_copy(c->arena, slice_str(text));
}

static void
keep_message(struct catalogue *c, po_message_t from)
{
    struct message *m = &c->messages[c->count];
    const char     *text = po_message_msgstr(from);

    if (po_message_is_obsolete(from) || po_message_is_fuzzy(from) ||
        po_message_msgid(from)[0] == '\0')
        return;
    *m = (struct message){ .id = arena_copy(c->arena, slice_str(po_message_msgid(from))) };
    if (po_message_msgid_plural(from) == NULL) {
        if (text[0] == '\0')
            return;
        m->forms[m->form_count++] = keep_sentence(c, text);
    } else {
        for (int i = 0; i < MAX_FORMS && (text = po_message_msgstr_plural(from, i)) != NULL; i++)
            m->forms[m->form_count++] = keep_sentence(c, text);
    }
    if (m->form_count > 0)
        c->count++;
}

static int
by_id(const void *a, const void *b)
{
    return slice_cmp(((const struct message *)a)->id, ((const struct message *)b)->id);
}

static void
keep_messages(struct catalogue *c, po_file_t file)
{
    po_message_iterator_t all = po_message_iterator(file, NULL);
    size_t                room = 0;

    while (po_next_message(all) != NULL)
        room++;
    po_message_iterator_free(all);
    c->messages = ARENA_ARRAY(c->arena, struct message, room + 1);
    all = po_message_iterator(file, NULL);
    for (po_message_t m; (m = po_next_message(all)) != NULL;)
        keep_message(c, m);
    po_message_iterator_free(all);
    qsort(c->messages, c->count, sizeof *c->messages, by_id);
}

/* "nplurals=2; plural=(n != 1);" */
static bool
keep_plural(struct catalogue *c, po_file_t file)
{
    char              *header = (char *)(uintptr_t)po_file_domain_header(file, NULL); /* a copy */
    char              *field = header == NULL ? NULL : po_header_field(header, "Plural-Forms");
    struct slice       rest = SL("nplurals=2; plural=n != 1;"), piece;
    unsigned long long form;
    bool               good = false;

    if (field != NULL)
        rest = arena_copy(c->arena, slice_str(field));
    free(field);
    free(header);
    while (slice_next(&rest, ';', &piece)) {
        piece = slice_trim(piece);
        if (slice_starts(piece, SL("plural=")))
            c->plural = slice_from(piece, sizeof "plural=" - 1);
        else if (slice_starts(piece, SL("nplurals=")))
            good = slice_u64(slice_from(piece, sizeof "nplurals=" - 1), MAX_FORMS, &form);
    }
    return good && plural_form(c->plural, 1, &form);
}

enum err_code
catalogue_new(struct slice language, struct slice po, bool pseudo, struct catalogue **ret,
              struct err *e)
{
    po_file_t         file = read_po(po);
    struct catalogue *c;

    if (reading.first[0] != '\0') {
        if (file != NULL)
            po_file_free(file);
        return FAIL(e, INTERNAL, "catalogue %.*s: %s", SLICE_FMT(language), reading.first);
    }
    c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    c->arena = arena_new();
    c->language = arena_copy(c->arena, language);
    c->pseudo = pseudo;
    keep_messages(c, file);
    if (!keep_plural(c, file)) {
        po_file_free(file);
        catalogue_free(c);
        return FAIL(e, INTERNAL, "catalogue %.*s: bad Plural-Forms", SLICE_FMT(language));
    }
    po_file_free(file);
    for (size_t i = 1; i < c->count; i++)
        if (slice_eq(c->messages[i - 1].id, c->messages[i].id)) {
            err_fail(e, ERR_INTERNAL, __FILE__, __LINE__, "catalogue: %s twice",
                     c->messages[i].id.p);
            catalogue_free(c);
            return e->code;
        }
    *ret = c;
    return ERR_NONE;
}

void
catalogue_free(struct catalogue *c)
{
    if (c == NULL)
        return;
    arena_free(c->arena);
    free(c);
}

struct slice
catalogue_language(const struct catalogue *c)
{
    return c->language;
}

static const struct message *
find(const struct catalogue *c, struct slice id)
{
    struct message key = { .id = id };

    return bsearch(&key, c->messages, c->count, sizeof key, by_id);
}

bool
catalogue_has(const struct catalogue *c, struct slice id)
{
    return find(c, id) != NULL;
}

size_t
catalogue_count(const struct catalogue *c)
{
    return c->count;
}

struct slice
catalogue_id(const struct catalogue *c, size_t index)
{
    return c->messages[index].id;
}

static struct slice
form_of(const struct catalogue *c, const struct message *m, const struct catalogue_names *names)
{
    unsigned long long n = 0, form = 0;

    if (m->form_count == 1 || names == NULL)
        return m->forms[0];
    if (!slice_u64(names->get(names->self, SL("count")), ~0ULL, &n) ||
        !plural_form(c->plural, n, &form))
        return m->forms[m->form_count - 1];
    return m->forms[form < m->form_count ? form : m->form_count - 1];
}

struct slice
catalogue_text(const struct catalogue *c, struct arena *a, struct slice id,
               const struct catalogue_names *names)
{
    const struct message *m = find(c, id);
    struct slice          text, value;
    struct sbuf           to;
    size_t                open, close;

    if (m == NULL)
        return id;
    text = form_of(c, m, names);
    if (names == NULL || !slice_has_char(text, '{'))
        return text;
    sbuf_init(&to, a);
    while (slice_find(text, SL("{"), &open) &&
           slice_find(slice_from(text, open), SL("}"), &close)) {
        value = names->get(names->self, slice_first(slice_from(text, open + 1), close - 1));
        sbuf_add(&to, slice_first(text, open));
        sbuf_add(&to, value.p != NULL ? value : slice_first(slice_from(text, open), close + 1));
        text = slice_from(text, open + close + 1);
    }
    sbuf_add(&to, text);
    return sbuf_slice(&to);
}
