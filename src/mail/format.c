#include "mail/mail.h"

#include <assert.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/sbuf.h"

enum {
    LINE_MAX_BYTES = 76, /* of quoted-printable and of a header line with encoded words */
    WORD_ROOM =
        50, /* of an encoded word's text: "Subject: " and its 12 bytes of frame fit beside */
    PLAIN_HEADER_MAX = 60, /* a longer one is written as encoded words, which fold anywhere */
    PLAIN_LINE_MAX = 998,  /* RFC 5322, 2.1.1 */
};

static bool
is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A byte of UTF-8 beyond ASCII; that it is UTF-8 is seen as a whole. */
static bool
is_foreign(char c)
{
    return (unsigned char)c >= 0x80;
}

static bool
is_host_name(struct slice s)
{
    if (s.n == 0 || s.p[0] == '.' || s.p[0] == '-' || s.p[s.n - 1] == '.')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && !is_foreign(s.p[i]) && s.p[i] != '-' &&
            (s.p[i] != '.' || s.p[i - 1] == '.'))
            return false;
    return true;
}

/* Dots stand anywhere: such addresses exist, and their servers take them. */
static bool
is_local_part(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && !is_foreign(s.p[i]) &&
            (s.p[i] == '\0' || strchr("!#$%&'*+-/=?^_`{|}~.", s.p[i]) == NULL))
            return false;
    return s.n > 0 && s.n <= 64;
}

bool
mail_is_sendable(struct slice address)
{
    size_t at;

    return address.n <= LIMIT_EMAIL_BYTES && slice_is_utf8(address) &&
           slice_find(address, SL("@"), &at) && is_local_part(slice_first(address, at)) &&
           is_host_name(slice_from(address, at + 1));
}

static bool
is_plain(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7E)
            return false;
    return true;
}

/* Bytes of the UTF-8 character that begins at `p`; a stray byte is one of its own. */
static size_t
char_bytes(struct slice s)
{
    size_t n = 1;

    while (n < s.n && n < 4 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

static void
add_word_char(struct sbuf *word, struct slice c)
{
    for (size_t i = 0; i < c.n; i++) {
        unsigned char byte = (unsigned char)c.p[i];

        if (byte <= 0x20 || byte == 0x7F) /* a line end too: no reader is to find one inside */
            sbuf_add_char(word, '_');
        else if (is_alnum((char)byte))
            sbuf_add_char(word, (char)byte);
        else
            sbuf_printf(word, "=%02X", byte);
    }
}

/* Encoded words, one a line, none of which cuts a character. */
static void
add_words(struct sbuf *out, struct slice text)
{
    bool first = true;

    do {
        struct sbuf word;

        sbuf_init(&word, out->a);
        while (text.n > 0) {
            size_t n = char_bytes(text);

            if (word.n + 3 * n > WORD_ROOM)
                break;
            add_word_char(&word, slice_first(text, n));
            text = slice_from(text, n);
        }
        sbuf_printf(out, "%s=?UTF-8?Q?%.*s?=", first ? "" : "\r\n ", SLICE_FMT(sbuf_slice(&word)));
        first = false;
    } while (text.n > 0);
}

static void
add_subject(struct sbuf *out, struct slice subject)
{
    size_t at;

    sbuf_add_str(out, "Subject: ");
    if (is_plain(subject) && subject.n <= PLAIN_HEADER_MAX && !slice_find(subject, SL("=?"), &at))
        sbuf_add(out, subject);
    else
        add_words(out, subject);
    sbuf_add_str(out, "\r\n");
}

static void
add_from(struct sbuf *out, struct slice name, struct slice address)
{
    sbuf_add_str(out, "From: ");
    if (name.n > 0) {
        bool atoms = name.n <= PLAIN_HEADER_MAX;

        for (size_t i = 0; i < name.n; i++)
            atoms = atoms && (is_alnum(name.p[i]) || name.p[i] == ' ');
        if (atoms)
            sbuf_printf(out, "\"%.*s\"", SLICE_FMT(name));
        else
            add_words(out, name);
        sbuf_add_str(out, "\r\n ");
    }
    sbuf_printf(out, "<%.*s>\r\n", SLICE_FMT(address));
}

/* The next line without its end; false when there is none. */
static bool
next_line(struct slice *rest, struct slice *ret)
{
    if (rest->n == 0 || !slice_next(rest, '\n', ret))
        return false;
    if (slice_ends(*ret, SL("\r")))
        ret->n--;
    return true;
}

static bool
is_sevenbit(struct slice text)
{
    struct slice line;

    while (next_line(&text, &line))
        if (!is_plain(line) || line.n > PLAIN_LINE_MAX)
            return false;
    return true;
}

static void
add_quoted_line(struct sbuf *out, struct slice line)
{
    size_t column = 0;

    for (size_t i = 0; i < line.n; i++) {
        unsigned char byte = (unsigned char)line.p[i];
        bool          last = i + 1 == line.n;
        bool          literal =
            (byte > 0x20 && byte < 0x7F && byte != '=') || ((byte == ' ' || byte == '\t') && !last);

        if (column + (literal ? 1 : 3) > LINE_MAX_BYTES - 1) {
            sbuf_add_str(out, "=\r\n");
            column = 0;
        }
        if (literal)
            sbuf_add_char(out, (char)byte);
        else
            sbuf_printf(out, "=%02X", byte);
        column += literal ? 1 : 3;
    }
}

static void
add_body(struct sbuf *out, struct slice text)
{
    bool         plain = is_sevenbit(text);
    struct slice line;

    sbuf_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n", plain ? "7bit" : "quoted-printable");
    while (next_line(&text, &line)) {
        if (plain)
            sbuf_add(out, line);
        else
            add_quoted_line(out, line);
        sbuf_add_str(out, "\r\n");
    }
}

struct slice
mail_format(struct arena *a, struct slice from_name, struct slice from,
            const struct mail_letter *letter, struct slice message_id, int64_t at_s)
{
    struct sbuf  out;
    struct slice date = clock_http_date(a, at_s);

    assert(mail_is_sendable(from) && mail_is_sendable(letter->to) && is_plain(message_id));
    sbuf_init(&out, a);
    /* RFC 5322 has its zone as a number where HTTP says GMT. */
    sbuf_printf(&out, "Date: %.*s+0000\r\n", (int)date.n - 3, date.p);
    add_from(&out, from_name, from);
    sbuf_printf(&out, "To: <%.*s>\r\n", SLICE_FMT(letter->to));
    add_subject(&out, letter->subject);
    sbuf_printf(&out, "Message-ID: <%.*s>\r\n", SLICE_FMT(message_id));
    sbuf_add_str(&out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                       "Content-Type: text/plain; charset=UTF-8\r\n");
    add_body(&out, letter->text);
    return sbuf_slice(&out);
}
