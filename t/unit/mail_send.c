/* Handing mails over: to a folder, and to an SMTP server that is written down here. */
#include "server.h"

#include <dirent.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/limits.h"
#include "mail/mail.h"

/* What the server says and has heard. One mail at a time: no lock. */
static struct script {
    bool        starttls, auth;
    const char *rcpt, *data; /* answers; NULL: they are taken */
    char        heard[20000];
    char        message[20000];
    char        password[200];
    int         messages;
    bool        secure;
} script;

static EVP_PKEY *key;
static X509     *certificate;

struct link {
    int  fd;
    SSL *ssl;
};

static bool
say(struct link *l, const char *text)
{
    return l->ssl != NULL ? SSL_write(l->ssl, text, (int)strlen(text)) > 0
                          : server_say(l->fd, text, strlen(text));
}

static bool
hear(struct link *l, const char *end, char *to, size_t room)
{
    size_t n = 0;

    while (n + 1 < room &&
           (l->ssl != NULL ? SSL_read(l->ssl, to + n, 1) : (int)recv(l->fd, to + n, 1, 0)) == 1) {
        to[++n] = '\0';
        if (n >= strlen(end) && strcmp(to + n - strlen(end), end) == 0)
            return true;
    }
    return false;
}

static void
secure(struct link *l)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    SSL_CTX_use_certificate(ctx, certificate);
    SSL_CTX_use_PrivateKey(ctx, key);
    l->ssl = SSL_new(ctx);
    SSL_set_fd(l->ssl, l->fd);
    script.secure = SSL_accept(l->ssl) == 1;
    SSL_CTX_free(ctx);
}

static bool
answer(struct link *l, const char *line)
{
    if (strncmp(line, "EHLO", 4) == 0)
        return say(l, "250-peer\r\n") &&
               (!script.starttls || l->ssl || say(l, "250-STARTTLS\r\n")) &&
               (!script.auth || say(l, "250-AUTH PLAIN\r\n")) && say(l, "250 8BITMIME\r\n");
    if (strncmp(line, "STARTTLS", 8) == 0) {
        say(l, "220 go\r\n");
        secure(l);
        return script.secure;
    }
    if (strncmp(line, "AUTH", 4) == 0)
        return say(l, "334 \r\n") && hear(l, "\r\n", script.password, sizeof script.password) &&
               say(l, "235 in\r\n");
    if (strncmp(line, "RCPT", 4) == 0)
        return say(l, script.rcpt != NULL ? script.rcpt : "250 ok\r\n");
    if (strncmp(line, "DATA", 4) == 0) {
        if (!say(l, "354 go\r\n") || !hear(l, "\r\n.\r\n", script.message, sizeof script.message))
            return false;
        script.messages++;
        return say(l, script.data != NULL ? script.data : "250 taken\r\n");
    }
    if (strncmp(line, "QUIT", 4) == 0) {
        say(l, "221 bye\r\n");
        return false;
    }
    return say(l, "250 ok\r\n");
}

static void
serve(struct server *s, int fd)
{
    struct link l = { fd, NULL };
    char        line[2000];
    (void)s;

    say(&l, "220 peer\r\n");
    while (hear(&l, "\r\n", line, sizeof line)) {
        strcat(script.heard, line);
        if (!answer(&l, line))
            break;
    }
    SSL_free(l.ssl);
}

struct fixture {
    struct arena *a;
    struct server server;
    struct conf   conf;
    struct mail  *mail;
    struct err    err;
    char          folder[40];
};

static int
begin(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->a = arena_new();
    memset(&script, 0, sizeof script);
    server_start(&f->server, "127.0.0.1", serve);
    f->conf = (struct conf){ .mail_url = arena_printf(f->a, "smtp://127.0.0.1:%d", f->server.port),
                             .mail_from = SL("obi@example.org"),
                             .site_name = SL("OBI") };
    strcpy(f->folder, "/tmp/obi-mail-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    *state = f;
    return 0;
}

static int
end(void **state)
{
    struct fixture *f = *state;
    char            command[100];

    mail_free(f->mail);
    server_stop(&f->server);
    arena_free(f->a);
    snprintf(command, sizeof command, "rm -r %s", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static enum err_code
send_one(struct fixture *f, struct slice to)
{
    struct mail_letter letter = { to, SL("Sign in"), SL("Hello\n.\n..dots\nend\n") };

    if (f->mail == NULL)
        assert_int_equal(mail_new(&f->conf, &f->mail, &f->err), ERR_NONE);
    return mail_send(f->mail, f->a, &letter, &f->err);
}

static void
a_server_gets_the_mail_whole(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_NONE);
    assert_int_equal(script.messages, 1);
    assert_non_null(strstr(script.heard, "MAIL FROM:<obi@example.org>"));
    assert_non_null(strstr(script.heard, "RCPT TO:<ann@example.org>\r\n"));
    assert_non_null(strstr(script.message, "\r\nTo: <ann@example.org>\r\n"));
    /* dots doubled on their way, as SMTP wants it */
    assert_non_null(strstr(script.message, "\r\n\r\nHello\r\n..\r\n...dots\r\nend\r\n.\r\n"));
}

static void
a_connection_serves_the_next_mail_too(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_NONE);
    assert_int_equal(send_one(f, SL("bob@example.org")), ERR_NONE);
    assert_int_equal(script.messages, 2);
    assert_int_equal(f->server.connections, 1);
    assert_non_null(strstr(script.heard, "RCPT TO:<bob@example.org>\r\n"));
}

static void
an_address_that_cannot_be_one_is_not_tried(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(send_one(f, SL("a@b>\r\nRCPT TO:<all@example.org")), ERR_MAIL_REFUSED);
    assert_int_equal(f->server.connections, 0);
}

static void
a_missing_mailbox_is_final_and_trouble_is_not(void **state)
{
    struct fixture *f = *state;

    script.rcpt = "550 5.1.1 ann@example.org unknown\r\n";
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_MAIL_REFUSED);
    assert_null(strstr(f->err.detail, "ann"));
    assert_null(strstr(f->err.cause, "ann"));
    script.rcpt = "451 4.7.1 greylisted\r\n";
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_MAIL_FAILED);
    script.rcpt = NULL;
    script.data = "452 disk full\r\n";
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_MAIL_FAILED);
    script.data = NULL;
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_NONE);
}

static void
a_server_that_is_away_is_trouble_until_it_is_back(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_NONE);
    mail_free(TAKE(f->mail));
    server_stop(&f->server);
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_MAIL_FAILED);
    server_start(&f->server, "127.0.0.1", serve);
    f->conf.mail_url = arena_printf(f->a, "smtp://127.0.0.1:%d", f->server.port);
    mail_free(TAKE(f->mail));
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_NONE);
}

static void
a_connection_is_made_secure_where_that_is_offered(void **state)
{
    struct fixture *f = *state;

    script.starttls = true;
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_NONE);
    assert_true(script.secure); /* its certificate is nobody's: nothing secret was said */
}

/* Not this machine, as far as the rule goes: only 127.0.0.1 is. */
static void
mean_a_far_server(struct fixture *f)
{
    server_stop(&f->server);
    server_start(&f->server, "127.0.0.2", serve);
    f->conf.mail_url = arena_printf(f->a, "smtp://127.0.0.2:%d", f->server.port);
    f->conf.mail_user = SL("obi");
    f->conf.mail_password.hidden = SL("secret");
    script.auth = true;
}

static void
a_password_is_not_said_in_clear_nor_to_a_stranger(void **state)
{
    struct fixture *f = *state;

    mean_a_far_server(f);
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_MAIL_FAILED);
    script.starttls = true;
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_MAIL_FAILED);
    assert_int_equal(script.messages, 0);
    assert_null(strstr(script.heard, "AUTH"));
    assert_string_equal(script.password, "");
}

static void
a_password_is_said_to_the_server_that_is_meant(void **state)
{
    struct fixture *f = *state;
    struct slice    path = arena_printf(f->a, "%s/ca.pem", f->folder);
    FILE           *pem = fopen(path.p, "w");

    assert_int_equal(PEM_write_X509(pem, certificate), 1);
    fclose(pem);
    mean_a_far_server(f);
    script.starttls = true;
    f->conf.mail_cacert = path;
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_NONE);
    assert_true(script.secure);
    assert_string_equal(script.password, "AG9iaQBzZWNyZXQ=\r\n"); /* NUL obi NUL secret */
}

/* The one .eml in the folder; its name is written behind the folder's in `path`. */
static void
find_mail(struct fixture *f, char *path, size_t room)
{
    DIR           *dir = opendir(f->folder);
    struct dirent *entry;
    int            found = 0;

    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.') {
            snprintf(path, room, "%s/%s", f->folder, entry->d_name);
            found++;
        }
    closedir(dir);
    assert_int_equal(found, 1);
    assert_string_equal(path + strlen(path) - 4, ".eml");
}

static void
a_folder_gets_a_file_that_its_owner_alone_reads(void **state)
{
    struct fixture *f = *state;
    struct slice    text;
    struct stat     st;
    char            path[400];
    size_t          at;

    f->conf.mail_url = arena_printf(f->a, "file:%s", f->folder);
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_NONE);
    find_mail(f, path, sizeof path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(file_read(f->a, slice_str(path), LIMIT_JSON_BYTES, &text, &f->err), ERR_NONE);
    assert_true(slice_starts(text, SL("Date: ")));
    assert_true(slice_find(text, SL("\r\n\r\nHello\r\n.\r\n..dots\r\nend\r\n"), &at));
}

static void
a_folder_that_goes_away_is_trouble(void **state)
{
    struct fixture *f = *state;

    f->conf.mail_url = arena_printf(f->a, "file://%s", f->folder);
    assert_int_equal(mail_new(&f->conf, &f->mail, &f->err), ERR_NONE);
    assert_int_equal(rmdir(f->folder), 0);
    assert_int_equal(send_one(f, SL("ann@example.org")), ERR_MAIL_FAILED);
    assert_string_equal(f->err.cause, "No such file or directory");
    assert_int_equal(mkdir(f->folder, 0700), 0);
}

static void
mistakes_in_the_settings_are_named(void **state)
{
    static const char *const bad[] = { "mail.example.org",
                                       "http://mail.example.org",
                                       "smtp://",
                                       "smtp://user:pass@mail.example.org",
                                       "smtp://mail.example.org/path",
                                       "file:relative",
                                       "file:/nonexistent/folder" };
    struct fixture          *f = *state;
    struct conf_faults       faults = { .count = 0 };

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        f->conf.mail_url = slice_str(bad[i]);
        mail_check_conf(&f->conf, &faults);
        assert_int_equal(faults.count, i + 1);
        assert_string_equal(faults.items[i].key, "mail.url");
    }
    faults.count = 0;
    f->conf.mail_url = SL("smtps://mail.example.org:465");
    mail_check_conf(&f->conf, &faults);
    assert_int_equal(faults.count, 0);
    f->conf.mail_from = SL("OBI <obi@example.org>");
    mail_check_conf(&f->conf, &faults);
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.items[0].key, "mail.from");
}

/* A certificate of its own for 127.0.0.2. */
static int
make_certificate(void **state)
{
    X509_EXTENSION *names;
    (void)state;

    signal(SIGPIPE, SIG_IGN);
    key = EVP_EC_gen("P-256");
    certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"peer", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.2");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    return X509_sign(certificate, key, EVP_sha256()) > 0 ? 0 : -1;
}

static int
drop_certificate(void **state)
{
    (void)state;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_server_gets_the_mail_whole),
        CASE(a_connection_serves_the_next_mail_too),
        CASE(an_address_that_cannot_be_one_is_not_tried),
        CASE(a_missing_mailbox_is_final_and_trouble_is_not),
        CASE(a_server_that_is_away_is_trouble_until_it_is_back),
        CASE(a_connection_is_made_secure_where_that_is_offered),
        CASE(a_password_is_not_said_in_clear_nor_to_a_stranger),
        CASE(a_password_is_said_to_the_server_that_is_meant),
        CASE(a_folder_gets_a_file_that_its_owner_alone_reads),
        CASE(a_folder_that_goes_away_is_trouble),
        CASE(mistakes_in_the_settings_are_named),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_certificate, drop_certificate);
}
