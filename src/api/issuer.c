/* The issuer API's route for programs. */
#include "api_int.h"

static struct slice
input_of(const struct req *r)
{
    const struct slice sent[] = { req_arg(r, "assertion"), req_form(r, "assertion"),
                                  req_form(r, "badge"), req_arg(r, "badge") };

    for (size_t i = 0; i < COUNT_OF(sent); i++)
        if (sent[i].n > 0)
            return sent[i];
    return SLICE_NONE;
}

enum err_code
api_issuer_assertion(struct req *r, struct resp *out, struct err *e)
{
    const struct api_issue issue = { .user = r->user->id,
                                     .input = input_of(r),
                                     .origin = SLICE_NONE,
                                     .only_look = r->method != HTTP_POST };

    return api_issue_answer(r, out, &issue, e);
}

void
api_issuer_fail(struct req *r, const struct err *e, struct resp *out)
{
    int          status = err_status(e->code);
    json_object *doc = status >= 500 ? issue_down(r, input_of(r), e) : json_object_new_object();

    if (e->code == ERR_NOT_SIGNED_IN) {
        status = 403;
        json_put_text(doc, "message", SL("user is not logged in, redirect to /backpack/login"));
        json_put_text(doc, "redirect_to", SL("/backpack/login"));
    } else if (status < 500) {
        json_put_text(doc, "message",
                      e->code == ERR_CSRF ? SL("Forbidden") : slice_str(err_sentence(e->code)));
    }
    (void)reply_json(out, status, doc);
}
