#include "auth/session.h"

#include "core/rand.h"

enum { AGENT_BYTES = 200 };

static enum err_code
end_current(const struct req *r, struct err *e)
{
    enum err_code rc;

    if (r->session == NULL)
        return ERR_NONE;
    rc = store_session_end(r->db, r->session->user, r->session->id, e);
    return rc == ERR_NOT_FOUND ? ERR_NONE : rc; /* ended already: what was wanted */
}

enum err_code
auth_session_start(const struct req *r, struct resp *out, uint64_t user, struct err *e)
{
    struct slice  token = rand_token(r->arena);
    struct slice  agent = slice_first(req_header(r, "User-Agent"), AGENT_BYTES);
    enum err_code rc;

    if ((rc = store_session_add(r->db, user, token, agent, e)) != ERR_NONE ||
        (rc = end_current(r, e)) != ERR_NONE)
        return rc;
    resp_session(r, out, token);
    return ERR_NONE;
}

enum err_code
auth_session_end(const struct req *r, struct resp *out, struct err *e)
{
    enum err_code rc = end_current(r, e);

    if (rc == ERR_NONE)
        resp_session(r, out, SLICE_NONE);
    return rc;
}
