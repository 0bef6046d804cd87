/* The bytes of a mail: what is in them, and what cannot get in. */
#include "test.h"

#include <stdio.h>

#include "core/arena.h"
#include "core/sbuf.h"
#include "mail/mail.h"

static struct slice
format(struct arena *a, struct slice name, struct slice subject, struct slice text)
{
    struct mail_letter letter = { SL("ann@example.org"), subject, text };

    return mail_format(a, name, SL("obi@example.org"), &letter, SL("id@example.org"), 1795469569);
}

static void
must_have(struct slice mail, struct slice part)
{
    size_t at;

    if (!slice_find(mail, part, &at))
        fail_msg("no '%.*s' in\n%.*s", SLICE_FMT(part), SLICE_FMT(mail));
}

static void
must_lack(struct slice mail, struct slice part)
{
    size_t at;

    if (slice_find(mail, part, &at))
        fail_msg("'%.*s' in\n%.*s", SLICE_FMT(part), SLICE_FMT(mail));
}

static void
a_plain_mail_stays_as_it_is(void **state)
{
    struct arena *a = arena_new();
    (void)state;

    assert_slice_equal(format(a, SL("OBI"), SL("Sign in"), SL("Open\n\nhttp://a/?b=c\n.\n")),
                       SL("Date: Mon, 23 Nov 2026 21:32:49 +0000\r\n"
                          "From: \"OBI\"\r\n <obi@example.org>\r\n"
                          "To: <ann@example.org>\r\n"
                          "Subject: Sign in\r\n"
                          "Message-ID: <id@example.org>\r\n"
                          "Auto-Submitted: auto-generated\r\n"
                          "MIME-Version: 1.0\r\n"
                          "Content-Type: text/plain; charset=UTF-8\r\n"
                          "Content-Transfer-Encoding: 7bit\r\n"
                          "\r\n"
                          "Open\r\n\r\nhttp://a/?b=c\r\n.\r\n"));
    arena_free(a);
}

static void
other_letters_are_encoded(void **state)
{
    struct arena *a = arena_new();
    struct slice  mail = format(a, SL("Zo\xC3\xAB's"),
                                SL("Gr\xC3\xBC\xC3\x9F"
                                    "e =?x?="),
                                SL("\xC3\xA4 = b \nend\t\n"));
    (void)state;

    must_have(mail, SL("From: =?UTF-8?Q?Zo=C3=AB=27s?=\r\n <obi@example.org>\r\n"));
    must_have(mail, SL("Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe_=3D=3Fx=3F=3D?=\r\n"));
    must_have(mail, SL("Content-Transfer-Encoding: quoted-printable\r\n"));
    must_have(mail, SL("\r\n\r\n=C3=A4 =3D b=20\r\nend=09\r\n"));
    arena_free(a);
}

static void
long_text_is_folded_between_characters(void **state)
{
    struct arena *a = arena_new();
    struct sbuf   text;
    struct slice  mail, line;
    (void)state;

    sbuf_init(&text, a);
    for (int i = 0; i < 300; i++)
        sbuf_add_str(&text, "\xE2\x82\xAC=x");
    mail = format(a, SLICE_NONE, sbuf_slice(&text), sbuf_slice(&text));
    while (slice_next(&mail, '\n', &line)) {
        assert_true(line.n <= 77); /* with its CR */
        if (slice_starts(line, SL(" =?UTF-8?Q?")))
            assert_true(slice_starts(slice_from(line, 11), SL("=E2=82=AC")) ||
                        slice_starts(slice_from(line, 11), SL("=3D")) ||
                        slice_starts(slice_from(line, 11), SL("x")));
    }
    arena_free(a);
}

/* Decoded again, quoted-printable is what it was. */
static struct slice
unquote(struct arena *a, struct slice text)
{
    struct sbuf out;

    sbuf_init(&out, a);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '=') {
            sbuf_add_char(&out, text.p[i]);
        } else {
            unsigned byte;

            assert_true(text.n - i >= 3);
            if (text.p[i + 1] != '\r') {
                assert_int_equal(sscanf(text.p + i + 1, "%2X", &byte), 1);
                sbuf_add_char(&out, (char)byte);
            }
            i += 2;
        }
    return sbuf_slice(&out);
}

static void
every_byte_survives_the_body(void **state)
{
    struct arena *a = arena_new();
    char          bytes[2 * 256];
    struct slice  mail, text = { bytes, 0 };
    size_t        at;
    (void)state;

    for (int i = 0; i < 256; i++)
        if (i != '\n') {
            bytes[text.n++] = (char)i;
            if (i % 3 == 0)
                bytes[text.n++] = ' ';
        }
    bytes[text.n++] = '\n';
    mail = format(a, SLICE_NONE, SL("s"), text);
    assert_true(slice_find(mail, SL("\r\n\r\n"), &at));
    mail = unquote(a, slice_from(mail, at + 4));
    assert_int_equal(mail.n, text.n + 1); /* CR LF */
    assert_memory_equal(mail.p, text.p, text.n - 1);
    arena_free(a);
}

static void
nothing_ends_a_header_line(void **state)
{
    struct arena *a = arena_new();
    struct slice  evil = SL("x\r\nBcc: all@example.org\r\n\r\nbody\0y");
    struct slice  mail = format(a, evil, evil, SL("text\n"));
    (void)state;

    must_lack(mail, SL("Bcc: "));
    must_lack(mail, SL("\r\nBcc"));
    must_lack(mail, SL("\nbody"));
    must_have(mail, SL("Subject: =?UTF-8?Q?x__Bcc=3A_all=40example=2Eorg____body_y?=\r\n"));
    mail = format(a, SL("A \"B\" <x@y>"), SL("s"), SL("text\n"));
    must_have(mail, SL("From: =?UTF-8?Q?A_=22B=22_=3Cx=40y=3E?=\r\n <obi@example.org>\r\n"));
    arena_free(a);
}

static void
only_addresses_can_be_sent_to(void **state)
{
    static const struct slice good[] = { SL("a@b"), SL("ann.b+c@mail.example.org"),
                                         SL("o'neil_{x}@a-b.example"), SL("first..last.@a.example"),
                                         SL("j\xC3\xBCrgen@m\xC3\xBCller.example") };
    static const struct slice bad[] = {
        SL(""),        SL("@"),      SL("a"),         SL("a@"),          SL("@b"),
        SL("a@b@c"),   SL("a b@c"),  SL("a@b\r\nc"),  SL("a\r\n@b"),     SL("<a@b>"),
        SL("a@b,c@d"), SL("a@b>"),   SL("\"a b\"@c"), SL("a@b\xFF"),     SL("a:b@c"),
        SL("a@b..c"),  SL("a@.b"),   SL("a@b."),      SL("a@[1.2.3.4]"), SL("a@b\0c"),
        SL("a\0@b"),   SL("\xC3@b"), SL("a@b c"),     SL("a@-b"),        SL("a;@b")
    };
    char         long_one[300];
    struct slice text = { long_one, 255 };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(mail_is_sendable(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (mail_is_sendable(bad[i]))
            fail_msg("'%.*s' was taken", SLICE_FMT(bad[i]));
    memset(long_one, 'a', sizeof long_one);
    long_one[60] = '@';
    assert_false(mail_is_sendable(text));
    text.n = 254;
    assert_true(mail_is_sendable(text));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_mail_stays_as_it_is),
        cmocka_unit_test(other_letters_are_encoded),
        cmocka_unit_test(long_text_is_folded_between_characters),
        cmocka_unit_test(every_byte_survives_the_body),
        cmocka_unit_test(nothing_ends_a_header_line),
        cmocka_unit_test(only_addresses_can_be_sent_to),
    };

    return RUN_TAP(tests);
}
