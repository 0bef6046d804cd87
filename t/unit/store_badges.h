/* Badges for tests: the n-th of a class, for an address. */
#ifndef OBI_TEST_STORE_BADGES_H
#define OBI_TEST_STORE_BADGES_H

#include "store_server.h"

static struct badge_new __attribute__((unused))
new_badge(struct fixture *f, struct user user, int n)
{
    struct sha256 identity =
        sha256_of(arena_printf(f->a, "%llu %d", (unsigned long long)user.id, n));
    struct slice kept = arena_copy(f->a, (struct slice){ (const char *)identity.bytes, 32 });

    return (struct badge_new){
        .identity = kept,
        .version = SL("2.0"),
        .hosted_url = arena_printf(f->a, "https://issuer.example/a/%d", n),
        .assertion = arena_printf(f->a,
                                  "{\"type\":\"Assertion\",\"id\":\"https://issuer.example/a/%d\","
                                  "\"recipient\":{\"type\":\"email\",\"identity\":\"%.*s\"}}",
                                  n, SLICE_FMT(user.email)),
        .class_url = SL("https://issuer.example/class"),
        .class_text = SL("{\"type\":\"BadgeClass\",\"name\":\"Class \xE2\x9C\x93\"}"),
        .issuer_url = SL("https://issuer.example/"),
        .issuer_text = SL("{\"type\":\"Issuer\",\"name\":\"An issuer\"}"),
        .class_name = SL("Class \xE2\x9C\x93"),
        .issuer_name = SL("An issuer"),
        .issuer_host = SL("issuer.example"),
        .picture = SL("\x89PNG not really"),
        .picture_kind = PICTURE_PNG,
        .email = user.email,
        .issued_on_s = 1700000000,
        .status = SL("valid"),
        .report = SL("{\"valid\":true}"),
        .checked_at_s = 1700000001,
    };
}

static uint64_t __attribute__((unused)) add_badge(struct fixture *f, struct user user, int n)
{
    struct badge_new badge = new_badge(f, user, n);
    uint64_t         id = 0;

    OK(store_badge_add(f->db, user.id, &badge, &id, &f->e));
    return id;
}

/* One number that the primary answers, as root: what the functions of the store do not show. */
static long __attribute__((unused)) root_number(const char *sql)
{
    char  line[2048];
    FILE *p;
    long  n = -1;

    snprintf(line, sizeof line,
             "echo \"%s\" | mariadb --no-defaults -uroot -S %s/primary.sock -BN obi", sql,
             test_dir);
    p = popen(line, "r");
    assert_non_null(p);
    assert_int_equal(fscanf(p, "%ld", &n), 1);
    pclose(p);
    return n;
}

#endif
