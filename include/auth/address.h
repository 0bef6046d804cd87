/* E-mail addresses as people type them. */
#ifndef OBI_AUTH_ADDRESS_H
#define OBI_AUTH_ADDRESS_H

#include "core/slice.h"

/* Whether mail may be sent to `text`: a local part of 1 to 64 bytes and a domain with a dot (or
 * "localhost"), at most LIMIT_EMAIL_BYTES together, no blanks around it. Taken are the characters
 * of RFC 5322's dot-atom in any order, dots at odd places too (such addresses exist), and UTF-8
 * (RFC 6531). Refused are quoted local parts, address literals, and every byte that ends a line,
 * a header or an SMTP path: what passes can stand in a mail's header as it is. */
bool auth_address_ok(struct slice text);

#endif
