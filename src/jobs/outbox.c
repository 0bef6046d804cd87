#include "jobs_int.h"

#include "core/clock.h"
#include "core/log.h"
#include "metrics/metrics.h"
#include "store/outbox.h"

/* A claim lasts 60 s and one mail at most 45 s (mail/smtp.c): whoever begins none later than this is done
 * before another sender may take it. */
enum { BATCH = 20, BEGIN_WITHIN_MS = 10000 };

/* One line a mail, which names nobody. */
static void
log_mail(const char *event, enum err_level level, const struct outbox_mail *mail, int64_t took_ms,
         const struct err *e)
{
    log_event(level, event, LOG_NUMBER("mail", mail->id), LOG_NUMBER("attempt", mail->attempts + 1),
              LOG_NUMBER("took_ms", took_ms),
              LOG_TEXT("detail", slice_str(e->code == ERR_NONE ? "" : e->detail)),
              LOG_TEXT("cause", slice_str(e->code == ERR_NONE ? "" : e->cause)));
}

static enum err_code
send_one(struct jobs *j, struct db *db, const struct outbox_mail *mail, size_t *sent, struct err *e)
{
    struct mail_letter letter = { mail->to, mail->subject, mail->text };
    struct err         trouble = { 0 };
    int64_t            begun_ms = clock_monotonic_ms(), took_ms;
    enum err_code      rc = mail_send(j->mail, j->a, &letter, &trouble);

    took_ms = clock_monotonic_ms() - begun_ms;
    if (rc == ERR_NONE) {
        ++*sent;
        metrics_add(METRIC_MAIL_SENT);
        log_mail("mail_sent", ERR_LEVEL_INFO, mail, took_ms, &trouble);
        return store_outbox_sent(db, mail->id, e);
    }
    if (jobs_must_end()) /* it was cut short: its claim runs out by itself */
        return ERR_NONE;
    if (rc == ERR_MAIL_REFUSED) {
        metrics_add(METRIC_MAIL_REFUSED);
        log_mail("mail_refused", ERR_LEVEL_WARN, mail, took_ms, &trouble);
        return store_outbox_sent(db, mail->id, e);
    }
    metrics_add(METRIC_MAIL_FAILED);
    log_mail("mail_failed", ERR_LEVEL_WARN, mail, took_ms, &trouble);
    return store_outbox_failed(db, mail->id, e);
}

enum err_code
outbox_send(struct jobs *j, struct db *db, size_t *ret_sent, struct err *e)
{
    int64_t             begun_ms = clock_monotonic_ms();
    struct outbox_mail *mails;
    enum err_code       rc;
    size_t              count;

    if ((rc = store_outbox_claim(db, BATCH, &mails, &count, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < count; i++) {
        if (jobs_must_end() || clock_monotonic_ms() - begun_ms > BEGIN_WITHIN_MS)
            break; /* the rest comes due again when the claim has run out */
        if ((rc = send_one(j, db, &mails[i], ret_sent, e)) != ERR_NONE)
            return rc;
    }
    return ERR_NONE;
}
