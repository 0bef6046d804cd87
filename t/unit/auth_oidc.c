/* Providers as the configuration names them, and as they describe themselves. */
#include "test.h"

#include "auth/oidc.h"

static struct arena *a;

static enum err_code
check(struct err *e, size_t count, const char *const *lines)
{
    struct conf_faults faults = { .count = 0 };
    struct conf       *conf = conf_defaults(a);
    struct slice      *items = ARENA_ARRAY(a, struct slice, count);

    for (size_t i = 0; i < count; i++)
        items[i] = slice_str(lines[i]);
    conf->oidc_providers = (struct conf_list){ items, count };
    oidc_check_conf(conf, &faults);
    return conf_faults_fail(&faults, e);
}

static void
a_line_names_a_provider(void **state)
{
    static const struct slice lines[] = {
        SL("school  https://id.school.example/realms/all obi secret=/dev/null "
           "mail=school.example,lists.school.example title=The school"),
        SL("google https://accounts.google.com 1-x.apps.example"),
        SL("here http://127.0.0.1:9999 obi title=secret=x mail=*"),
    };
    struct conf_faults          faults = { .count = 0 };
    struct conf                *conf = conf_defaults(a);
    const struct oidc_provider *all, *p;
    size_t                      count;
    (void)state;

    conf->oidc_providers = (struct conf_list){ (struct slice *)(uintptr_t)lines, COUNT_OF(lines) };
    oidc_check_conf(conf, &faults);
    assert_int_equal(faults.count, 0);
    all = oidc_providers(a, conf, &count);
    assert_int_equal(count, 3);
    assert_slice_equal(all[0].issuer, SL("https://id.school.example/realms/all"));
    assert_slice_equal(all[0].client_id, SL("obi"));
    assert_slice_equal(all[0].secret_file, SL("/dev/null"));
    assert_slice_equal(all[0].title, SL("The school"));
    assert_slice_equal(all[1].title, SL("accounts.google.com"));
    assert_slice_equal(all[2].title, SL("secret=x mail=*"));
    p = oidc_provider_named(a, conf, SL("google"));
    assert_non_null(p);
    assert_slice_equal(p->client_id, SL("1-x.apps.example"));
    assert_null(oidc_provider_named(a, conf, SL("")));
    assert_null(oidc_provider_named(a, conf, SL("goog")));
}

static void
a_provider_is_trusted_with_the_mail_of_its_domains_alone(void **state)
{
    struct oidc_provider p = { .mail_domains = SL("school.example,lists.school.example") };
    (void)state;

    assert_true(oidc_trusts_mail(&p, SL("ada@School.example")));
    assert_true(oidc_trusts_mail(&p, SL("ada@lists.school.example")));
    assert_false(oidc_trusts_mail(&p, SL("ada@evil-school.example")));
    assert_false(oidc_trusts_mail(&p, SL("ada@school.example.evil.example")));
    assert_false(oidc_trusts_mail(&p, SL("ada@x.school.example")));
    assert_false(oidc_trusts_mail(&p, SL("school.example")));
    assert_false(oidc_trusts_mail(&p, SL("ada@")));
    assert_false(oidc_trusts_mail(&p, SL("ada@evil.example@school.example")));
    p.mail_domains = SL("*");
    assert_true(oidc_trusts_mail(&p, SL("ada@anywhere.example")));
    p.mail_domains = SL("");
    assert_false(oidc_trusts_mail(&p, SL("ada@school.example")));
    p.mail_domains = SL(",");
    assert_false(oidc_trusts_mail(&p, SL("ada@")));
}

static void
a_line_that_is_wrong_is_refused_with_its_reason(void **state)
{
    static const char *const bad[] = {
        "",
        "google",
        "google https://id.example",
        "Google https://id.example obi",
        "goo/gle https://id.example obi",
        "123456789012345678901234567890123 https://id.example obi",
        "g http://id.example obi",
        "g ftp://id.example obi",
        "g https://user@id.example obi",
        "g https://id.example?x=1 obi",
        "g https://id.example#x obi",
        "g https://id.example obi other",
        "g https://id.example obi secret=/nonexistent/file",
        "g https://id.example obi title=",
    };
    static const char *const twice[] = { "g https://id.example obi", "g https://id2.example obi" };
    static const char *const same[] = { "g https://id.example obi", "h https://id.example obi" };
    struct err               e;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (check(&e, 1, &bad[i]) != ERR_CONF)
            fail_msg("taken: %s", bad[i]);
        assert_string_equal(e.field, "oidc.provider");
        assert_string_equal(e.received, bad[i]);
        assert_true(e.cause[0] != '\0');
    }
    assert_int_equal(check(&e, 2, twice), ERR_CONF);
    assert_int_equal(check(&e, 2, same), ERR_CONF);
}

#define METADATA                                                                                   \
    "\"issuer\":\"https://id.example\",\"authorization_endpoint\":\"https://id.example/"           \
    "auth?x=1\","                                                                                  \
    "\"token_endpoint\":\"https://id.example/token\",\"jwks_uri\":\"https://keys.example/jwks\""

static enum err_code
read_as(const char *issuer, struct slice text, struct oidc_endpoints *ret)
{
    struct err e;

    return oidc_metadata_read(a, text, slice_str(issuer), ret, &e);
}

static void
metadata_say_where_everything_is(void **state)
{
    struct oidc_endpoints got;
    (void)state;

    assert_int_equal(read_as("https://id.example", SL("{" METADATA "}"), &got), ERR_NONE);
    assert_slice_equal(got.authorization, SL("https://id.example/auth?x=1"));
    assert_slice_equal(got.token, SL("https://id.example/token"));
    assert_slice_equal(got.jwks, SL("https://keys.example/jwks"));
    assert_null(got.userinfo.p);
    assert_false(got.secret_in_form);
    assert_false(got.names_itself);
    assert_int_equal(read_as("https://id.example",
                             SL("{" METADATA ",\"userinfo_endpoint\":\"https://id.example/me\","
                                "\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\","
                                "\"client_secret_post\"],"
                                "\"authorization_response_iss_parameter_supported\":true}"),
                             &got),
                     ERR_NONE);
    assert_slice_equal(got.userinfo, SL("https://id.example/me"));
    assert_true(got.secret_in_form);
    assert_true(got.names_itself);
    assert_int_equal(
        read_as("https://id.example",
                SL("{" METADATA
                   ",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\","
                   "\"client_secret_basic\"]}"),
                &got),
        ERR_NONE);
    assert_false(got.secret_in_form);
}

static void
metadata_that_lead_astray_are_refused(void **state)
{
    static const struct {
        const char *from, *to;
    } all[] = {
        { "\"issuer\":\"https://id.example\"", "\"issuer\":\"https://id.example/\"" },
        { "\"issuer\":\"https://id.example\"", "\"issuer\":\"https://evil.example\"" },
        { "\"issuer\":\"https://id.example\",", "" },
        { "https://id.example/auth?x=1", "http://id.example/auth" },
        { "https://id.example/auth?x=1", "javascript:alert(1)" },
        { "https://id.example/auth?x=1", "https://id.example/auth#x" },
        { "https://id.example/auth?x=1", "https://id.example/a\\r\\nb" },
        { "https://id.example/auth?x=1", "" },
        { "https://id.example/token", "http://id.example/token" },
        { "https://id.example/token", "https://user:pw@id.example/token" },
        { "https://keys.example/jwks", "http://keys.example/jwks" },
        { "https://keys.example/jwks", "file:///etc/passwd" },
        { "\"jwks_uri\"", "\"userinfo_endpoint\":1,\"jwks_uri\"" },
        { "\"jwks_uri\"", "\"other\"" },
    };
    struct oidc_endpoints got;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct slice good = SL("{" METADATA "}"), from = slice_str(all[i].from);
        size_t       at;

        assert_true(slice_find(good, from, &at));
        if (read_as("https://id.example",
                    arena_printf(a, "%.*s%s%s", (int)at, good.p, all[i].to, good.p + at + from.n),
                    &got) != ERR_OIDC_ANSWER)
            fail_msg("taken: %s for %s", all[i].to, all[i].from);
    }
    assert_int_equal(read_as("https://id.example", SL("<html>"), &got), ERR_OIDC_ANSWER);
    assert_int_equal(read_as("https://id.example", SL("[]"), &got), ERR_OIDC_ANSWER);
}

static int
begin(void **state)
{
    (void)state;
    a = arena_new();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_names_a_provider),
        cmocka_unit_test(a_provider_is_trusted_with_the_mail_of_its_domains_alone),
        cmocka_unit_test(a_line_that_is_wrong_is_refused_with_its_reason),
        cmocka_unit_test(metadata_say_where_everything_is),
        cmocka_unit_test(metadata_that_lead_astray_are_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}
