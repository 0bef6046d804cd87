/* Mails: written as RFC 5322 says, then given to an SMTP server or put into a folder. */
#ifndef OBI_MAIL_MAIL_H
#define OBI_MAIL_MAIL_H

#include "core/arena.h"
#include "core/conf.h"
#include "core/err.h"

struct mail;

struct mail_letter {
    struct slice to;      /* an address, without a name or brackets */
    struct slice subject; /* UTF-8; a line end in it becomes a space */
    struct slice text;    /* UTF-8, lines ended by LF or CR LF */
};

/* For the life of the process. mail.url says where mails go:
 *   smtp://host[:port]   with STARTTLS where the server offers it. With mail.user set, TLS and a
 *                        certificate that mail.cacert or the system trusts are required before the
 *                        password is sent, unless the host is this machine's loopback. Without,
 *                        encryption is taken as found.
 *   smtps://host[:port]  TLS from the first byte, the certificate always checked.
 *   file:/folder         each mail becomes a file NAME.eml in the folder, readable by its owner
 *                        alone; it gets that name when it is whole. Names sort by time.
 * Errors  CONF, with the first of what mail_check_conf finds.
 * Owner   the caller ends *ret with mail_free. */
MUST_USE enum err_code mail_new(const struct conf *conf, struct mail **ret, struct err *e);
void                   mail_free(struct mail *m);

/* From now on a mail on its way is given up with MAIL_FAILED soon after `end` says true; it is
 * asked about once a second. */
void mail_end_when(struct mail *m, bool (*end)(void));

/* Hands one letter over, within 45 s; the connection is kept for the next.
 * Errors  MAIL_REFUSED: this letter will never go (its address cannot be one, or the server says
 *         there is no such mailbox); MAIL_FAILED: later it may. e->cause says why and names no
 *         address. */
MUST_USE enum err_code mail_send(struct mail *m, struct arena *a, const struct mail_letter *letter,
                                 struct err *e);

/* The bytes of a mail, header and body, with CR LF. What is all ASCII stays as it is, so that its
 * links can be read in a file; other text is quoted-printable. Nothing in the letter can end a
 * header line.
 * In      from_name: may be empty. from, letter->to: must be sendable. message_id: without its
 *         brackets.
 * Spec    RFC 5322; RFC 2047 (encoded words, UTF-8, Q); RFC 2045, 6.7 (quoted-printable). */
struct slice mail_format(struct arena *a, struct slice from_name, struct slice from,
                         const struct mail_letter *letter, struct slice message_id, int64_t at_s);

/* Whether a mail can be sent there: atoms and dots (UTF-8 too: RFC 6531), an @, a host name, at
 * most LIMIT_EMAIL_BYTES. No such address ends a line of a mail or of SMTP. */
bool mail_is_sendable(struct slice address);

/* Checks the mail.* settings; that one is missing is for core to say. */
void mail_check_conf(const struct conf *conf, struct conf_faults *faults);

#endif
