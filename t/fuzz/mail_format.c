/* The name, the subject and the text of a mail, with the byte 1E between them; or, behind a '@', an address.
 * Nothing in them ends a header line or makes another one. */
#include "fuzz.h"
#include "mail/mail.h"

static bool
known(struct slice line)
{
    static const struct slice names[] = {
        SL("Date: "),    SL("From: "),           SL("To: "),
        SL("Subject: "), SL("Message-ID: "),     SL("MIME-Version: "),
        SL("Content-"),  SL("Auto-Submitted: "), SL(" ")
    };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_starts(line, names[i]))
            return true;
    return false;
}

/* Every line ends with CR LF, has no other control byte, is ASCII and at most 998 long (RFC 5322, 2.1.1). */
static struct slice
lines_hold(struct slice mail, bool in_header)
{
    while (mail.n > 0) {
        struct slice line;
        size_t       end;

        FUZZ_HOLDS(slice_find(mail, SL("\r\n"), &end) && end <= 998);
        line = slice_first(mail, end);
        mail = slice_from(mail, end + 2);
        if (in_header && line.n == 0)
            break;
        FUZZ_HOLDS(!in_header || known(line));
        for (size_t i = 0; i < line.n; i++)
            FUZZ_HOLDS((line.p[i] >= ' ' || line.p[i] == '\t') && line.p[i] < 0x7F);
    }
    return mail;
}

static void
try_address(struct slice address)
{
    if (!mail_is_sendable(address))
        return;
    FUZZ_HOLDS(address.n <= LIMIT_EMAIL_BYTES && slice_has_char(address, '@'));
    for (size_t i = 0; i < address.n; i++)
        FUZZ_HOLDS((unsigned char)address.p[i] > ' ' && address.p[i] != 0x7F &&
                   strchr("<>()[],;:\\\"", address.p[i]) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     rest = fuzz_slice(bytes, count), name = SLICE_NONE;
    struct mail_letter               letter = { .to = SL("who@a.example") };
    struct slice                     mail;

    if (count > 0 && bytes[0] == '@') {
        try_address(slice_from(rest, 1));
        return 0;
    }
    if (count == 0 || !slice_next(&rest, '\x1E', &name) ||
        !slice_next(&rest, '\x1E', &letter.subject))
        return 0;
    letter.text = rest;
    mail = mail_format(a, name, SL("obi@a.example"), &letter, SL("1@a.example"), 1700000000);
    mail = lines_hold(mail, true);
    lines_hold(mail, false);
    return 0;
}
