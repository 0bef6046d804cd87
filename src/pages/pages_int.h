#ifndef OBI_PAGES_INT_H
#define OBI_PAGES_INT_H

#include "badge/verify.h"
#include "http/embed.h"
#include "http/standing.h"
#include "http/view.h"
#include "json/json.h"
#include "pages/pages.h"
#include "store/badge.h"
#include "store/collection.h"

enum { PAGE_BADGES = 60 };

/* A page's model, in the request's arena: what a handler that fails leaves behind goes with the
 * request. nav: "backpack", "collections", "add", "settings", or NULL. */
json_object *model_new(const struct req *r, const char *title_id, const char *nav);
/* The model's reference moves to the reply; the arena keeps its own. */
enum err_code model_reply(struct resp *out, int status, const char *page, json_object *model);
/* An object for placeholders, in the request's arena. */
json_object *names_new(const struct req *r);
void         put_sentence(const struct req *r, json_object *model, const char *name, const char *id,
                          json_object *names);
/* The same with `count`, which chooses its plural. */
void put_counted(const struct req *r, json_object *model, const char *name, const char *id,
                 int64_t count);
/* browserid: the form that another site's word signs in by, when it is configured. */
void put_browserid(const struct req *r, json_object *model);
/* Paths with an id: path_of(r, "/backpack/badge/", id, "/remove"). */
struct slice path_of(const struct req *r, const char *before, uint64_t id, const char *after);
/* The query argument `before`, 0 when it is none. */
uint64_t arg_before(const struct req *r);
/* A form field that is an id. Errors FIELD_MISSING, FIELD_INVALID. */
MUST_USE enum err_code form_id(const struct req *r, const char *name, uint64_t *ret, struct err *e);
/* True when the form was sent from the page that asks for confirmation. */
bool form_confirmed(const struct req *r);

/* id, name, issuer, issuer_host, status, status_text, status_when, issued, expires, of a row; the picture and
 * the link are the caller's. */
void put_badge_row(const struct req *r, json_object *model, const struct badge_row *row);
/* picture, href: as its owner sees it. */
void put_own_badge(const struct req *r, json_object *model, const struct badge_row *row);
/* What it is as a part of message ids: its status, or "gone" when nobody hosts it any more. */
const char *status_word(const struct req *r, struct slice status, struct slice reason);
/* check_action and history: the form that checks it now, and what checks found. */
MUST_USE enum err_code put_checks(const struct req *r, json_object *model,
                                  const struct badge_full *badge, struct err *e);
/* "/images/badge/<hash>.png" */
struct slice public_picture(const struct req *r, const struct badge_row *row);
/* put_badge_row and the picture, as everybody may see them. */
void put_public_badge(const struct req *r, json_object *model, const struct badge_row *row);
/* The collection that the path names, unless it is private; what is read next is as new as it is. */
MUST_USE enum err_code get_public_collection(struct req *r, struct collection *ret, struct err *e);
/* share_url, share_path and embed_code, for who shares it. */
MUST_USE enum err_code put_share_link(const struct req *r, json_object *model,
                                      const struct embed *embed, struct err *e);
/* The confirmation page's `subject`. */
void put_subject(const struct req *r, json_object *model, const struct badge_row *row);
/* A hidden field that the confirmation page sends again. */
void put_field(json_object *model, const char *name, struct slice value);

/* The sign-in page, again after a mistake: `failure_id` is a sentence's, or NULL. */
enum err_code reply_signin(const struct req *r, struct resp *out, int status, struct slice email,
                           struct slice next, const char *failure_id);
/* The page of a sign-in mail that was sent because `provider` is not trusted with its address. */
enum err_code reply_sent_for(const struct req *r, struct resp *out, struct slice email,
                             struct slice provider);
/* A path of ours that may follow signing in; empty when `next` is none. */
struct slice  checked_next(struct slice next);
enum err_code reply_next(struct resp *out, struct slice next);
/* Back to the ways to sign in, from where one goes on to `next`. */
enum err_code reply_ways(const struct req *r, struct resp *out, struct slice next);
/* "Firefox on Windows", of a User-Agent. */
struct slice device_text(const struct req *r, struct slice agent);
/* providers: { name, label } each, the label being the sentence `label_id`; has_providers. */
void put_providers(const struct req *r, json_object *model, const char *label_id);
/* identities, providers: the accounts elsewhere that sign this user in, and those that could;
 * has_identities, has_accounts. */
MUST_USE enum err_code put_accounts(const struct req *r, json_object *model, struct err *e);
/* passkeys, has_passkeys, passkey_name. */
MUST_USE enum err_code put_passkeys(const struct req *r, json_object *model, struct err *e);
/* addresses, several: those of this user. */
MUST_USE enum err_code put_addresses(const struct req *r, json_object *model, struct err *e);
/* The page where the code of a mail is typed, refused: the status and the sentence (`left` tries are
 * left) of a failure to take it; 0 when it is no failure of the code's. */
int code_failure(const struct req *r, enum err_code rc, uint64_t left, struct slice *ret_sentence);

/* sessions: where this user is signed in. */
/* sites: those that the learner has connected. */
MUST_USE enum err_code put_sites(const struct req *r, json_object *model, struct err *e);
/* permissions: a sentence for each word of a scope. */
void put_permissions(const struct req *r, json_object *model, struct slice scope);
/* What a site is called: the host of its origin; all of it where that is http. */
struct slice           site_name_of(struct slice origin);
MUST_USE enum err_code put_sessions(const struct req *r, json_object *model, struct err *e);

/* sentence, and hint and messages where there is more to say, of what an import refused. */
struct import_result;
void put_refusal(const struct req *r, json_object *item, const struct import_result *result);

/* What upload.js needs to know: limits, and the sentences about them. */
void put_upload(const struct req *r, json_object *model);

/* Errors FIELD_INVALID with the field's name. */
MUST_USE enum err_code form_visibility(const struct req *r, const char *name, enum visibility *ret,
                                       struct err *e);
/* is_private, is_link and is_public, visibility, visibility_text, visibility_icon. */
void put_visibility(const struct req *r, json_object *model, enum visibility v);

/* Everything a badge says: description, issuer_link, recipient, criteria, evidence, alignment,
 * tags, and for its owner identity and sources. is_public: no e-mail address is left in any of it. Errors ASSERTION_MALFORMED. */
MUST_USE enum err_code put_facts(const struct req *r, json_object *model,
                                 const struct badge_full *badge, bool is_public, struct err *e);
/* The badge whose id the path has, of the user who asks. Errors  NOT_FOUND. */
MUST_USE enum err_code get_badge(struct req *r, struct badge_full *ret, struct err *e);
/* The stored documents of a badge. */
struct badge_docs badge_docs_of(const struct badge_full *badge);
/* verdict_title, verdict_text, checked, messages, report (the address of the whole report). is_public: only the
 * first three, for messages are the owner's. */
void put_verdict(const struct req *r, json_object *model, const struct badge_full *badge,
                 bool is_public);
/* verdict_title, verdict_text of a status. */
void put_status(const struct req *r, json_object *model, struct slice status);
/* The same of a stored badge as it is today. */
void put_row_status(const struct req *r, json_object *model, const struct badge_row *row);
/* The `report` of a badge as it was stored, in the request's arena; NULL when there is none. */
json_object *stored_report(const struct req *r, const struct badge_full *badge);

/* Which messages of a report: one of these each. */
enum {
    SAYS_ERROR = 1,
    SAYS_WARNING = 2,
    SAYS_INFO = 4,
    SAYS_ASIDE = 8, /* of an endorsement, at any level: the badge stands without it */
};
/* The messages of a report (its JSON, as report_json makes it or a badge was stored with it), in
 * the order above: `name` is { items: [{ text, document, field, advice }] }, or is not put when
 * there is none. `document` is empty where `text` names it. */
void put_messages(const struct req *r, json_object *model, const char *name, json_object *report,
                  int which);
/* All of a report, for report.html: status, verdict, groups of messages, recipient, chain,
 * documents. */
void put_report(const struct req *r, json_object *model, json_object *report);
/* A report's JSON as a download. */
enum err_code reply_report_file(struct resp *out, struct slice text);
/* `text` without what looks like an e-mail address; each becomes an ellipsis. */
struct slice without_addresses(struct arena *a, struct slice text);
/* The same for every text in a document, names included. */
void json_without_addresses(struct arena *a, json_object *doc);

#endif
