/* Keys of the issuers in badge_web.h. */
#ifndef OBI_TEST_BADGE_KEYS_H
#define OBI_TEST_BADGE_KEYS_H

#include "sign.h"

#include "badge_web.h"

/* The key's document at `url`, owned by the issuer. */
static inline void
put_key(struct web *w, const char *url, EVP_PKEY *key)
{
    json_object *doc = json_in_arena(w->a, json_object_new_object());

    json_put_text(doc, "@context", SL("https://w3id.org/openbadges/v2"));
    json_put_text(doc, "id", slice_str(url));
    json_put_text(doc, "type", SL("CryptographicKey"));
    json_put_text(doc, "owner", SL(I));
    json_put_text(doc, "publicKeyPem", sign_pem(w->a, key));
    web_put(w, url, json_print(w->a, doc).p);
}

#endif
