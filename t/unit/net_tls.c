/* https: who is believed. The peer is `openssl s_server`, with certificates made for the run. */
#include "peer.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

static char folder[] = "/tmp/obi-tls-XXXXXX";

struct tls {
    struct peer_test t; /* its plain server is not used */
    pid_t            peer;
    int              port;
    struct slice     connect_to[1];
};

static void
shell(const char *command)
{
    if (system(command) != 0)
        fail_msg("%s", command);
}

/* Two authorities, and a server's certificate of each; ours also has an old one. */
static int
make_certificates(void **state)
{
    static const char *const script =
        "cd %s && exec 2>log >&2 && set -e\n"
        "for ca in ours theirs; do\n"
        "  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30"
        " -subj /CN=$ca -keyout $ca.key -out $ca.pem\n"
        "  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        " -subj /CN=issuer.example -keyout $ca-server.key -out $ca.csr\n"
        "  printf 'subjectAltName=DNS:issuer.example\\n' >ext\n"
        "  openssl x509 -req -in $ca.csr -CA $ca.pem -CAkey $ca.key -CAcreateserial -days 30"
        " -extfile ext -out $ca-server.pem\n"
        "done\n"
        "printf 'HTTP/1.0 200 OK\\r\\n\\r\\nsecure' >ok\n"
        "printf 'HTTP/1.0 302 Found\\r\\nLocation: http://issuer.example/ok\\r\\n\\r\\n' >down\n"
        "cp ours-server.key old-server.key\n"
        "openssl x509 -req -in ours.csr -CA ours.pem -CAkey ours.key -days -1"
        " -extfile ext -out old-server.pem\n";
    char command[2000];
    (void)state;

    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, script, folder);
    shell(command);
    return 0;
}

static int
remove_certificates(void **state)
{
    char command[100];
    (void)state;

    snprintf(command, sizeof command, "rm -r %s", folder);
    shell(command);
    return 0;
}

/* Starts the peer with the named certificate and waits for the port it says it has. */
static void
start_peer(struct tls *tls, const char *name)
{
    char                       key[100], cert[100], line[200] = "";
    char                      *argv[] = { "openssl", "s_server", "-accept", "127.0.0.1:0", "-HTTP",
                                          "-key",    key,        "-cert",   cert,          NULL };
    posix_spawn_file_actions_t files;
    extern char              **environ;
    int                        out[2];
    FILE                      *says;

    snprintf(key, sizeof key, "%s-server.key", name);
    snprintf(cert, sizeof cert, "%s-server.pem", name);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addchdir_np(&files, folder);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    assert_int_equal(posix_spawnp(&tls->peer, "openssl", &files, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    close(out[1]);
    says = fdopen(out[0], "r");
    while (tls->port == 0 && fgets(line, sizeof line, says) != NULL)
        if (strncmp(line, "ACCEPT 127.0.0.1:", 17) == 0)
            tls->port = atoi(line + 17);
    assert_int_not_equal(tls->port, 0);
    /* The pipe stays open with the fixture's life: its end would kill the peer. */
}

static void
serve_nothing(struct server *s, int fd)
{
    (void)s;
    (void)fd;
}

/* The name issuer.example leads to the peer; `ca` is trusted unless it is NULL. */
static struct tls *
begin(const char *certificate, const char *ca)
{
    struct tls *tls = calloc(1, sizeof *tls);

    peer_begin(&tls->t, serve_nothing);
    tls->t.conf.fetch_timeout_ms = 10000;
    tls->t.conf.fetch_deadline_ms = 10000;
    tls->t.conf.fetch_connect_timeout_ms = 5000;
    start_peer(tls, certificate);
    tls->t.allow[0] = arena_printf(tls->t.a, "127.0.0.1/32:%d", tls->port);
    tls->connect_to[0] = arena_printf(tls->t.a, "::127.0.0.1:%d", tls->port);
    tls->t.conf.fetch_connect_to = (struct conf_list){ tls->connect_to, 1 };
    if (ca != NULL)
        tls->t.conf.fetch_cacert = arena_printf(tls->t.a, "%s/%s.pem", folder, ca);
    peer_ready(&tls->t, 1);
    return tls;
}

static void
end(struct tls *tls)
{
    kill(tls->peer, SIGKILL);
    waitpid(tls->peer, NULL, 0);
    peer_end(&tls->t);
    free(tls);
}

static enum err_code
get(struct tls *tls, const char *url)
{
    return peer_get_as(&tls->t, NET_SIGNED_IN, slice_str(url), LIMIT_JSON_BYTES);
}

static void
the_configured_authority_is_believed(void **state)
{
    struct tls *tls = begin("ours", "ours");
    (void)state;

    assert_int_equal(get(tls, "https://issuer.example/ok"), ERR_NONE);
    assert_slice_equal(tls->t.got.body, SL("secure"));
    end(tls);
}

static void
an_unknown_authority_is_not(void **state)
{
    struct tls *tls = begin("theirs", "ours");
    (void)state;

    assert_int_equal(get(tls, "https://issuer.example/"), ERR_FETCH_TLS);
    assert_string_equal(tls->t.err.cause, "nobody we trust issued the certificate, or the site leaves out those in between");
    end(tls);
    tls = begin("ours", NULL);
    assert_int_equal(get(tls, "https://issuer.example/"), ERR_FETCH_TLS);
    end(tls);
}

static void
a_certificate_of_another_name_is_not(void **state)
{
    struct tls *tls = begin("ours", "ours");
    (void)state;

    assert_int_equal(get(tls, "https://other.example/"), ERR_FETCH_TLS);
    assert_string_equal(tls->t.err.cause, "the certificate is for another name");
    end(tls);
}

static void
an_expired_certificate_is_not(void **state)
{
    struct tls *tls = begin("old", "ours");
    (void)state;

    assert_int_equal(get(tls, "https://issuer.example/"), ERR_FETCH_TLS);
    assert_string_equal(tls->t.err.cause, "the certificate has expired");
    end(tls);
}

/* What came over https must not have passed hands on its way. */
static void
a_redirect_from_https_to_http_is_not_followed(void **state)
{
    struct tls *tls = begin("ours", "ours");
    (void)state;

    assert_int_equal(get(tls, "https://issuer.example/down"), ERR_FETCH_URL);
    assert_string_equal(tls->t.err.cause, "it redirects from https to http");
    end(tls);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_configured_authority_is_believed),
        cmocka_unit_test(an_unknown_authority_is_not),
        cmocka_unit_test(a_certificate_of_another_name_is_not),
        cmocka_unit_test(an_expired_certificate_is_not),
        cmocka_unit_test(a_redirect_from_https_to_http_is_not_followed),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
