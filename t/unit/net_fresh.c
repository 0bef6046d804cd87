/* How long what a peer answers may be kept. */
#include "peer.h"

/* Answers with the Cache-Control that the path asks for. */
static void
serve(struct server *s, int fd)
{
    char path[200], request[4096], answer[600];
    (void)s;

    if (!peer_hear(fd, request, sizeof request, path, sizeof path))
        return;
    for (char *at = path; *at != '\0'; at++)
        if (*at == '_')
            *at = ' ';
    snprintf(answer, sizeof answer,
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nCache-Control: %s\r\n\r\n{}", path + 1);
    peer_say(fd, answer);
}

static void
an_answer_says_how_long_it_may_be_kept(void **state)
{
    static const struct {
        const char *path;
        int64_t     fresh_s;
    } all[] = {
        { "/", -1 },
        { "/public", -1 },
        { "/max-age=60", 60 },
        { "/public,_Max-Age=3600", 3600 },
        { "/max-age=3600,_no-store", 0 },
        { "/no-cache,_max-age=60", 0 },
        { "/max-age=0", 0 },
        { "/max-age=-1", 0 },
        { "/max-age=soon", 0 },
        { "/max-age=99999999999", 0 },
        { "/s-maxage=60", -1 },
    };
    struct peer_test t;
    (void)state;

    peer_begin(&t, serve);
    peer_ready(&t, 1);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        assert_int_equal(peer_get(&t, all[i].path), ERR_NONE);
        assert_int_equal(t.got.fresh_s, all[i].fresh_s);
    }
    peer_end(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_says_how_long_it_may_be_kept),
    };

    return RUN_TAP(tests);
}
