/* Verifications a second of documents that lie in memory, against the bare cost: parsing the same bytes, and
 * for a signed badge one EVP_DigestVerify. Pictures are left out: what their decoding costs is said apart. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "badge/verify.h"
#include "core/digest.h"
#include "core/signature.h"
#include "cost.h"

#define SITE "https://issuer.example/"
#define V1 "\"@context\":\"https://w3id.org/openbadges/v1\","
#define V2 "\"@context\":\"https://w3id.org/openbadges/v2\","
#define SVG "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"
#define TO                                                                                         \
    "{\"type\":\"email\",\"hashed\":true,\"salt\":\"deadsea\",\"identity\":"                       \
    "\"sha256$ecf5409f3f4b91ab60cc5ef4c02aef7032354375e70cf4d8e43f6a1d29891942\"}"
#define TEXTS                                                                                      \
    "\"name\":\"Awesome Robotics Badge\",\"description\":\"For doing awesome things with robots "  \
    "that people think is pretty great.\",\"criteria\":\"" SITE "criteria.html\","                 \
    "\"tags\":[\"robots\",\"awesome\"],\"alignment\":[{"

enum { PAGES_MAX = 5 };

struct page {
    const char  *url;
    struct slice body;
};
struct web {
    struct page pages[PAGES_MAX];
    size_t      count;
};

static enum err_code
get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
    struct err *e)
{
    const struct web *w = self;
    (void)a, (void)max_bytes;

    for (size_t i = 0; i < w->count; i++)
        if (slice_eq(slice_str(w->pages[i].url), url)) {
            *ret = (struct fetched){
                .url = url, .final_url = url, .status = 200, .body = w->pages[i].body
            };
            return ERR_NONE;
        }
    return FAIL(e, FETCH_CONNECT, "nowhere");
}

struct kind {
    const char       *name;
    struct web        web;
    struct slice      input;
    bool              is_signed;
    struct public_key key;
};

static struct slice
pem_of(struct arena *a, EVP_PKEY *key)
{
    BIO         *out = BIO_new(BIO_s_mem());
    char        *p;
    long         n;
    struct slice pem;

    PEM_write_bio_PUBKEY(out, key);
    n = BIO_get_mem_data(out, &p);
    pem = arena_copy(a, (struct slice){ p, (size_t)n });
    BIO_free(out);
    return pem;
}

static struct slice
sign(struct arena *a, EVP_PKEY *key, struct slice payload)
{
    struct slice text =
        arena_printf(a, "%.*s.%.*s", SLICE_FMT(base64url_encode(a, SL("{\"alg\":\"RS256\"}"))),
                     SLICE_FMT(base64url_encode(a, payload)));
    EVP_MD_CTX    *ctx = EVP_MD_CTX_new();
    size_t         n = 1024;
    unsigned char *bytes = arena_alloc(a, n);

    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, bytes, &n, (const unsigned char *)text.p, text.n) != 1)
        abort();
    EVP_MD_CTX_free(ctx);
    return arena_printf(a, "%.*s.%.*s", SLICE_FMT(text),
                        SLICE_FMT(base64url_encode(a, (struct slice){ (char *)bytes, n })));
}

static void
put(struct kind *k, const char *url, struct slice body)
{
    k->web.pages[k->web.count++] = (struct page){ url, body };
}

static void
fill(struct arena *a, struct kind kinds[4], EVP_PKEY *key)
{
    struct slice  pem = pem_of(a, key);
    json_object  *doc = json_in_arena(a, json_object_new_object());
    enum cause_id why;
    struct slice  payload =
        SL("{" V2 "\"id\":\"urn:uuid:bf8d3c3d-fe60-487c-87a3-06440d0d0163\",\"type\":\"Assertion\","
           "\"recipient\":" TO ",\"issuedOn\":\"2016-12-31T23:59:59Z\",\"badge\":\"" SITE "c\","
           "\"verification\":{\"type\":\"SignedBadge\",\"creator\":\"" SITE "k\"}}");

    kinds[0] = (struct kind){ .name = "hosted 2.0", .input = SL(SITE "a") };
    put(&kinds[0], SITE "a",
        SL("{" V2 "\"id\":\"" SITE "a\",\"type\":\"Assertion\",\"recipient\":" TO
           ",\"badge\":\"" SITE "c\","
           "\"evidence\":\"" SITE "evidence.html\",\"issuedOn\":\"2016-12-31T23:59:59Z\","
           "\"verification\":{\"type\":\"HostedBadge\"}}"));
    kinds[1] = (struct kind){ .name = "hosted 1.0", .input = SL(SITE "a") };
    put(&kinds[1], SITE "a",
        SL("{\"uid\":\"a1\",\"recipient\":" TO ",\"badge\":\"" SITE "c\",\"evidence\":\"" SITE
           "evidence.html\",\"issuedOn\":1483228799,\"verify\":{\"type\":\"hosted\",\"url\":\"" SITE
           "a\"}}"));
    kinds[2] = (struct kind){ .name = "0.5", .input = SL(SITE "a") };
    put(&kinds[2], SITE "a",
        SL("{\"recipient\":\"sha256$"
           "ecf5409f3f4b91ab60cc5ef4c02aef7032354375e70cf4d8e43f6a1d29891942\","
           "\"salt\":\"deadsea\",\"evidence\":\"/"
           "evidence.html\",\"issued_on\":\"2016-12-31\",\"badge\":{"
           "\"version\":\"0.5.0\",\"name\":\"Awesome Robotics "
           "Badge\",\"image\":\"/p\",\"description\":"
           "\"For doing awesome things with robots that people think is pretty "
           "great.\",\"criteria\":"
           "\"/criteria.html\",\"issuer\":{\"origin\":\"https://issuer.example\",\"name\":\"An "
           "issuer\"}}}"));
    kinds[3] = (struct kind){ .name = "signed 2.0", .is_signed = true };
    kinds[3].input = sign(a, key, payload);
    public_key_read(a, pem, &kinds[3].key, &why);
    put(&kinds[3], "payload", payload); /* is parsed too */
    json_put_text(doc, "@context", SL("https://w3id.org/openbadges/v2"));
    json_put_text(doc, "id", SL(SITE "k"));
    json_put_text(doc, "type", SL("CryptographicKey"));
    json_put_text(doc, "owner", SL(SITE "i"));
    json_put_text(doc, "publicKeyPem", pem);
    put(&kinds[3], SITE "k", json_print(a, doc));
    for (int i = 0; i < 4; i++)
        if (i != 2) {
            bool old = i == 1;

            put(&kinds[i], SITE "c",
                old ? SL("{" TEXTS "\"name\":\"CCSS\",\"url\":\"" SITE "ccss\"}],\"image\":\"" SITE
                         "p\",\"issuer\":\"" SITE "i\"}")
                    : SL("{" V2 "\"id\":\"" SITE "c\",\"type\":\"BadgeClass\"," TEXTS
                         "\"targetName\":\"CCSS\",\"targetUrl\":\"" SITE
                         "ccss\"}],\"image\":\"" SITE "p\",\"issuer\":\"" SITE "i\"}"));
            put(&kinds[i], SITE "i",
                old ? SL("{\"name\":\"An issuer\",\"url\":\"" SITE
                         "\",\"email\":\"post@issuer.example\"}")
                    : SL("{" V2 "\"id\":\"" SITE
                         "i\",\"type\":\"Issuer\",\"name\":\"An issuer\",\"url\":\"" SITE "\","
                         "\"email\":\"post@issuer.example\",\"publicKey\":\"" SITE "k\"}"));
        }
    put(&kinds[0], SITE "k", json_print(a, doc));
}

static void
call_verify(struct arena *a, void *of)
{
    struct kind                *k = of;
    const struct fetcher        fetch = { get, &k->web };
    const struct verify_options options = { .fetch = &fetch, .now_s = 1700000000 };
    const struct report        *r = badge_verify(a, k->input, &options);

    if (r->status != STATUS_VALID) {
        struct slice lines = report_lines(a, r);

        fprintf(stderr, "%s:\n%.*s", k->name, SLICE_FMT(lines));
        exit(1);
    }
}

static void
call_parse(struct arena *a, void *of)
{
    const struct kind *k = of;

    (void)a;
    for (size_t i = 0; i < k->web.count; i++) {
        SCOPED(json_drop) json_object *doc = NULL;
        struct err                     e;

        if (k->web.pages[i].body.p[0] == '{' &&
            json_parse(k->web.pages[i].body, &doc, &e) != ERR_NONE)
            abort();
    }
}

static void
call_signature(struct arena *a, void *of)
{
    struct kind *k = of;
    struct slice rest = k->input, header, payload, signature;

    if (!slice_next(&rest, '.', &header) || !slice_next(&rest, '.', &payload) ||
        !base64url_decode(a, rest, &signature) ||
        !signature_holds(&k->key, SIGNATURE_RS256, slice_first(k->input, header.n + 1 + payload.n),
                         signature))
        abort();
}

static void
call_image(struct arena *a, void *of)
{
    struct badge_image image;
    struct err         e;

    (void)a, (void)of;
    if (badge_image_check(SL(SVG), &image, &e) != ERR_NONE)
        abort();
}

/* The whole program. */

static void
write_file(const char *path, struct slice bytes)
{
    FILE *f = fopen(path, "w");

    if (f == NULL || fwrite(bytes.p, 1, bytes.n, f) != bytes.n || fclose(f) != 0)
        abort();
}

static void
lay_down(struct arena *a, const struct kind *k, const char *folder)
{
    mkdir(arena_printf(a, "%s/issuer.example", folder).p, 0755);
    for (size_t i = 0; i < k->web.count; i++)
        if (slice_starts(slice_str(k->web.pages[i].url), SL(SITE)))
            write_file(
                arena_printf(a, "%s/issuer.example/%s", folder, k->web.pages[i].url + strlen(SITE))
                    .p,
                k->web.pages[i].body);
    write_file(arena_printf(a, "%s/badge.jws", folder).p, k->input);
}

static int
compare(const void *one, const void *two)
{
    double d = *(const double *)one - *(const double *)two;

    return d < 0 ? -1 : d > 0;
}

static void
measure_program(struct arena *a, const char *obi, const char *folder)
{
    enum { RUNS = 21 };
    double took_ms[RUNS];
    long   kilobytes = 0;

    for (int i = 0; i < RUNS; i++) {
        struct timespec began, ended;
        struct rusage   usage;
        int             status;
        pid_t           pid;

        fflush(stdout);
        clock_gettime(CLOCK_MONOTONIC, &began);
        if ((pid = fork()) == 0) {
            if (freopen("/dev/null", "w", stdout) != NULL)
                execl(obi, "obi", "verify", "--documents", folder,
                      arena_printf(a, "%s/badge.jws", folder).p, (char *)NULL);
            _exit(127);
        }
        if (wait4(pid, &status, 0, &usage) != pid || status != 0)
            abort();
        clock_gettime(CLOCK_MONOTONIC, &ended);
        took_ms[i] = (double)(ended.tv_sec - began.tv_sec) * 1e3 +
                     (double)(ended.tv_nsec - began.tv_nsec) / 1e6;
        kilobytes = usage.ru_maxrss > kilobytes ? usage.ru_maxrss : kilobytes;
    }
    qsort(took_ms, RUNS, sizeof *took_ms, compare);
    printf("\nobi verify --documents: %.1f ms (median of %d), %.1f ms at most, %.1f MB\n",
           took_ms[RUNS / 2], RUNS, took_ms[RUNS - 1], (double)kilobytes / 1024);
}

int
main(int argc, char **argv)
{
    struct arena *a = arena_new();
    struct kind   kinds[4];
    EVP_PKEY     *key = EVP_RSA_gen(2048);
    enum { CALLS = 2000 };

    fill(a, kinds, key);
    for (int i = 0; i < 4; i++)
        put(&kinds[i], SITE "p", SL(SVG));
    printf("%-12s %10s %10s %10s %10s %10s %8s\n", "verify", "a second", "us", "image us",
           "parse us", "EVP us", "x parse");
    for (int i = 0; i < 4; i++) {
        double all = cost_us(call_verify, &kinds[i], CALLS),
               image = cost_us(call_image, &kinds[i], CALLS);
        double parse = cost_us(call_parse, &kinds[i], CALLS);
        double evp = kinds[i].is_signed ? cost_us(call_signature, &kinds[i], CALLS) : 0;

        printf("%-12s %10.0f %10.1f %10.1f %10.1f %10.1f %8.1f\n", kinds[i].name, 1e6 / all, all,
               image, parse, evp, (all - image - evp) / parse);
    }
    if (argc == 3) {
        lay_down(a, &kinds[3], argv[2]);
        measure_program(a, argv[1], argv[2]);
    }
    EVP_PKEY_free(key);
    arena_free(a);
    return 0;
}
