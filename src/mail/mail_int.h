#ifndef OBI_MAIL_INT_H
#define OBI_MAIL_INT_H

#include <curl/curl.h>

#include "mail/mail.h"

struct mail {
    const struct conf *conf;
    struct arena      *a;
    struct slice       folder; /* empty: SMTP */
    CURL              *curl;   /* NULL: a folder */
    bool (*end)(void);         /* NULL: never */
};

/* Puts a whole mail into the folder. Errors MAIL_FAILED. */
MUST_USE enum err_code mail_to_folder(struct arena *a, struct slice folder, struct slice bytes,
                                      struct err *e);
/* The curl handle for the settings' server. */
CURL *mail_smtp_open(struct arena *a, const struct conf *conf);
/* Errors as mail_send. */
MUST_USE enum err_code mail_smtp_send(struct mail *m, struct arena *a, struct slice to,
                                      struct slice bytes, struct err *e);

#endif
