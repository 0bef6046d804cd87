#include "http/form.h"

#include <stdio.h>

enum { MAX_BOUNDARY = 70, MAX_PART_HEADER = 4096 };

struct slice
media_type(struct slice content_type)
{
    struct slice rest = content_type, type = SL("");

    slice_next(&rest, ';', &type);
    return slice_trim(type);
}

/* A quoted string of a header, without its quotes and with its escapes. Browsers send `"` in a file name as %22,
 * others as \", and Windows' old ones leave backslashes as they are: only \" and \\ are escapes. */
static bool
take_quoted(struct slice *rest, struct slice *ret)
{
    for (size_t i = 1; i < rest->n; i++) {
        if (rest->p[i] == '"') {
            *ret = slice_first(slice_from(*rest, 1), i - 1);
            *rest = slice_from(*rest, i + 1);
            return true;
        }
        if (rest->p[i] == '\\' && i + 1 < rest->n &&
            (rest->p[i + 1] == '"' || rest->p[i + 1] == '\\'))
            i++;
    }
    return false;
}

static struct slice
without_escapes(struct arena *a, struct slice text)
{
    char  *to;
    size_t n = 0;

    if (!slice_has_char(text, '\\'))
        return text;
    to = arena_alloc(a, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\\' && i + 1 < text.n && (text.p[i + 1] == '"' || text.p[i + 1] == '\\'))
            i++;
        to[n++] = text.p[i];
    }
    return (struct slice){ to, n };
}

static bool
take_value(struct slice *rest, struct slice *ret, bool *ret_quoted)
{
    *ret_quoted = rest->n > 0 && rest->p[0] == '"';
    if (*ret_quoted)
        return take_quoted(rest, ret);
    ret->p = rest->p;
    ret->n = 0;
    while (ret->n < rest->n && rest->p[ret->n] != ';')
        ret->n++;
    *rest = slice_from(*rest, ret->n);
    *ret = slice_trim(*ret);
    return true;
}

/* Only the value that is asked for is copied, or a header of many would take much memory. */
bool
header_param(struct arena *a, struct slice value, const char *name, struct slice *ret)
{
    struct slice rest = value, found, key;
    bool         quoted;

    while (slice_has_char(rest, ';')) {
        slice_next(&rest, ';', &key);
        if (!slice_has_char(rest, '='))
            return false;
        slice_next(&rest, '=', &key);
        rest = slice_trim(rest);
        if (!take_value(&rest, &found, &quoted))
            return false;
        if (slice_eq_nocase(slice_trim(key), slice_str(name))) {
            *ret = quoted ? without_escapes(a, found) : found;
            return true;
        }
    }
    return false;
}

struct part {
    struct slice disposition, type;
};

/* The header lines of a part; others than the two that mean something are skipped. */
static bool
read_part_header(struct slice *rest, struct part *ret)
{
    struct slice line, name;

    *ret = (struct part){ SLICE_NONE, SLICE_NONE };
    for (size_t used = 0; slice_next(rest, '\n', &line);) {
        used += line.n + 1;
        if (used > MAX_PART_HEADER || line.n == 0 || line.p[line.n - 1] != '\r')
            return false;
        line.n--;
        if (line.n == 0)
            return rest->p != NULL;
        if (!slice_has_char(line, ':'))
            return false;
        slice_next(&line, ':', &name);
        if (slice_eq_nocase(name, SL("Content-Disposition")))
            ret->disposition = slice_trim(line);
        else if (slice_eq_nocase(name, SL("Content-Type")))
            ret->type = slice_trim(line);
    }
    return false;
}

static enum err_code
too_many(struct err *e, int limit, enum cause_id cause)
{
    char number[16];

    snprintf(number, sizeof number, "%d", limit);
    FAIL(e, TOO_LARGE, "more than %d: %s", limit, cause_name(cause));
    err_set_cause(e, (struct cause){ .id = cause, .args = { slice_str(number) } });
    return e->code;
}

static bool
is_clean(struct slice s)
{
    return !slice_has_char(s, '\0') && slice_is_utf8(s);
}

static enum err_code
keep_file(struct multipart *ret, struct slice name, struct slice file_name, struct slice type,
          struct slice bytes, struct err *e)
{
    if (file_name.n == 0 && bytes.n == 0) /* a file field left empty */
        return ERR_NONE;
    if (!is_clean(file_name))
        return FAIL(e, BAD_REQUEST, "a file name that is no UTF-8");
    if (ret->upload_count == LIMIT_FORM_FILES)
        return too_many(e, LIMIT_FORM_FILES, CAUSE_FORM_FILES);
    ret->uploads[ret->upload_count++] = (struct upload){ name, file_name, type, bytes };
    return ERR_NONE;
}

static enum err_code
keep_part(struct arena *a, struct slice part, struct multipart *ret, struct err *e)
{
    struct part  header;
    struct slice rest = part, name, file_name;

    if (!read_part_header(&rest, &header))
        return FAIL(e, BAD_REQUEST, "a part whose header does not end");
    if (!slice_eq_nocase(media_type(header.disposition), SL("form-data")) ||
        !header_param(a, header.disposition, "name", &name) || !is_clean(name))
        return FAIL(e, BAD_REQUEST, "a part without a name");
    if (header_param(a, header.disposition, "filename", &file_name))
        return keep_file(ret, name, file_name, header.type, rest, e);
    if (!is_clean(rest))
        return FAIL(e, BAD_REQUEST, "a field that is no UTF-8");
    if (ret->fields.count == LIMIT_FORM_FIELDS)
        return too_many(e, LIMIT_FORM_FIELDS, CAUSE_FORM_FIELDS);
    ret->fields.items[ret->fields.count++] = (struct field){ name, rest };
    return ERR_NONE;
}

/* Behind a boundary: "--" ends the form; else blanks and a line's end. */
static bool
after_boundary(struct slice *rest, bool *ret_last)
{
    *ret_last = slice_starts(*rest, SL("--"));
    if (*ret_last)
        return true;
    while (rest->n > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t'))
        *rest = slice_from(*rest, 1);
    if (!slice_starts(*rest, SL("\r\n")))
        return false;
    *rest = slice_from(*rest, 2);
    return true;
}

static bool
boundary_is_good(struct slice b)
{
    if (b.n == 0 || b.n > MAX_BOUNDARY || b.p[b.n - 1] == ' ')
        return false;
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] < ' ' || b.p[i] == 0x7F)
            return false;
    return true;
}

enum err_code
form_multipart(struct arena *a, struct slice content_type, struct slice body, struct multipart *ret,
               struct err *e)
{
    struct slice  boundary, mark, rest = body;
    bool          last = false;
    size_t        at, parts = 0;
    enum err_code rc;

    if (!slice_eq_nocase(media_type(content_type), SL("multipart/form-data")) ||
        !header_param(a, content_type, "boundary", &boundary) || !boundary_is_good(boundary))
        return FAIL(e, BAD_REQUEST, "multipart without a boundary");
    mark = arena_printf(a, "\r\n--%.*s", SLICE_FMT(boundary));
    ret->fields = (struct fields){ ARENA_ARRAY(a, struct field, LIMIT_FORM_FIELDS), 0 };
    ret->uploads = ARENA_ARRAY(a, struct upload, LIMIT_FORM_FILES);
    ret->upload_count = 0;
    if (slice_starts(rest, slice_from(mark, 2))) /* the first boundary may begin the body */
        rest = slice_from(rest, mark.n - 2);
    else if (slice_find(rest, mark, &at))
        rest = slice_from(rest, at + mark.n);
    else
        return FAIL(e, BAD_REQUEST, "multipart without its boundary");
    for (;;) {
        if (!after_boundary(&rest, &last))
            return FAIL(e, BAD_REQUEST, "a boundary that goes on");
        if (last)
            return ERR_NONE;
        /* An empty part's boundary may share its line's end with the header. */
        if (!slice_find(rest, mark, &at))
            return FAIL(e, BAD_REQUEST, "multipart is cut off");
        if (++parts > LIMIT_FORM_FIELDS + LIMIT_FORM_FILES) /* those left out count too */
            return too_many(e, LIMIT_FORM_FIELDS + LIMIT_FORM_FILES, CAUSE_FORM_PARTS);
        if ((rc = keep_part(a, slice_first(rest, at), ret, e)) != ERR_NONE)
            return rc;
        rest = slice_from(rest, at + mark.n);
    }
}
