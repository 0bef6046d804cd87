/* The primitive types of Open Badges 2.0 (rule R17). */
#include "badge_int.h"
#include "core/uri.h"

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* `urn:uuid:` and a UUID of RFC 4122: version 1 to 5, variant 8 to b. */
static bool
is_urn_uuid(struct slice s)
{
    static const char shape[] = "xxxxxxxx-xxxx-vxxx-wxxx-xxxxxxxxxxxx";

    if (!slice_starts_nocase(s, SL("urn:uuid:")))
        return false;
    s = slice_from(s, sizeof "urn:uuid:" - 1);
    if (s.n != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool good = shape[i] == '-'   ? c == '-'
                    : shape[i] == 'v' ? c >= '1' && c <= '5'
                    : shape[i] == 'w' ? c != '\0' && strchr("89abAB", c) != NULL
                                      : is_hex(c);

        if (!good)
            return false;
    }
    return true;
}

/* What the reference lets pass as a URL's query: anything but a second `#`, as long as it is ASCII text. */
static bool
is_url(struct slice s)
{
    size_t query;

    if (uri_is_http(s))
        return true;
    if (!slice_find(s, SL("?"), &query) || slice_has_char(s, '#'))
        return false;
    for (size_t i = query; i < s.n; i++)
        if (s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7F)
            return false;
    return uri_is_http(slice_first(s, query));
}

static bool
is_iri(struct slice s)
{
    return is_url(s) || slice_starts(s, SL("_:")) || is_urn_uuid(s);
}

static bool
is_data_uri(struct slice s)
{
    struct uri u;

    return slice_starts_nocase(s, SL("data:")) && uri_parse(s, &u) && slice_has_char(u.path, ',');
}

/* A host name with a dot: labels of letters, digits and inner hyphens, the last of 2 to 63 letters. */
static bool
is_authority(struct slice s)
{
    struct slice rest = s, label = SLICE_NONE;
    size_t       labels = 0;

    if (s.n < 4 || s.n > 253)
        return false;
    while (slice_next(&rest, '.', &label)) {
        labels++;
        if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
        for (size_t i = 0; i < label.n; i++)
            if (!is_alpha(label.p[i]) && !is_digit(label.p[i]) && label.p[i] != '-')
                return false;
    }
    for (size_t i = 0; i < label.n; i++)
        if (!is_alpha(label.p[i]))
            return false;
    return labels >= 2 && label.n >= 2;
}

/* ^\+?[1-9]\d{1,14}(;ext=\d+)?$ */
static bool
is_telephone(struct slice s)
{
    struct slice rest = s;
    size_t       n = 0;

    if (slice_starts(rest, SL("+")))
        rest = slice_from(rest, 1);
    while (n < rest.n && is_digit(rest.p[n]))
        n++;
    if (n < 2 || n > 15 || rest.p[0] == '0')
        return false;
    rest = slice_from(rest, n);
    if (rest.n == 0)
        return true;
    if (!slice_starts(rest, SL(";ext=")) || rest.n == 5)
        return false;
    for (size_t i = 5; i < rest.n; i++)
        if (!is_digit(rest.p[i]))
            return false;
    return true;
}

/* The languages of ISO 639-1. Those of three letters are taken by their shape, but for private use. */
static const char languages[] = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs "
                                "ca ce ch co cr cs cu cv cy da de dv dz "
                                "ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he "
                                "hi ho hr ht hu hy hz ia id ie ig ii ik "
                                "io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la "
                                "lb lg li ln lo lt lu lv mg mh mi mk ml "
                                "mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa "
                                "pi pl ps pt qu rm rn ro ru rw sa sc sd "
                                "se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl "
                                "tn to tr ts tt tw ty ug uk ur uz ve vi "
                                "vo wa wo xh yi yo za zh zu ";

/* Those of three letters in ISO 639-2 that have two in ISO 639-1, which BCP 47 asks for then. */
static const char longer[] =
    "aar abk ave afr aka amh arg ara asm ava aym aze bak bel bul bih bis bam ben bod tib bre "
    "bos cat che cha cos cre ces cze chu chv cym wel dan deu ger div dzo ewe ell gre eng epo "
    "spa est eus baq fas per ful fin fij fao fra fre fry gle gla glg grn guj glv hau heb hin "
    "hmo hrv hat hun hye arm her ina ind ile ibo iii ipk ido isl ice ita iku jpn jav kat geo "
    "kon kik kua kaz kal khm kan kor kau kas kur kom cor kir lat ltz lug lim lin lao lit lub "
    "lav mlg mah mri mao mkd mac mal mon mar msa may mlt mya bur nau nob nde nep ndo nld dut "
    "nno nor nbl nav nya oci oji orm ori oss pan pli pol pus por que roh run ron rum rus kin "
    "san srd snd sme sag sin slk slo slv smo sna som sqi alb srp ssw sot sun swe swa tam tel "
    "tgk tha tir tuk tgl tsn ton tur tso tat twi tah uig ukr urd uzb ven vie vol wln wol xho "
    "yid yor zha zho chi zul ";

static bool
is_primary_language(struct slice s)
{
    char lower[5] = "    ";

    for (size_t i = 0; i < s.n; i++) {
        if (s.n > 3 || !is_alpha(s.p[i]))
            return false;
        lower[i] = (char)(s.p[i] | 0x20);
    }
    if (s.n == 2) {
        lower[3] = '\0';
        return strstr(languages, lower) != NULL;
    }
    return s.n == 3 && !(lower[0] == 'q' && lower[1] <= 't') && memcmp(lower, "zzz", 3) != 0 &&
           strstr(longer, lower) == NULL;
}

/* BCP 47 by shape: a language, then subtags of 1 to 8 letters and digits. */
static bool
is_language(struct slice s)
{
    struct slice rest = s, part = SLICE_NONE;

    if (!slice_next(&rest, '-', &part) || !is_primary_language(part))
        return false;
    while (slice_next(&rest, '-', &part)) {
        if (part.n == 0 || part.n > 8)
            return false;
        for (size_t i = 0; i < part.n; i++)
            if (!is_alpha(part.p[i]) && !is_digit(part.p[i]))
                return false;
    }
    return part.n > 1 || s.n <= 3; /* a single letter announces something behind it */
}

static bool
is_text(enum primitive type, struct slice s)
{
    switch (type) {
    case TEXT:
    case TEXT_OR_NUMBER:
        return true;
    case URL:
        return is_url(s);
    case IRI:
    case NODE:
        return is_iri(s);
    case URL_OR_DATA:
        return is_url(s) || is_data_uri(s);
    case TELEPHONE:
        return is_telephone(s);
    case LANGUAGE:
        return is_language(s);
    case AUTHORITY:
        return is_authority(s);
    default:
        return false;
    }
}

bool
primitive_is(enum primitive type, json_object *value)
{
    int64_t      when;
    struct slice text = json_text(value);

    if (type == ANYTHING)
        return true;
    if (type == BOOLEAN)
        return json_object_is_type(value, json_type_boolean);
    if (type == DATETIME)
        return badge_date(value, false, &when);
    if (type == TEXT_OR_NUMBER &&
        (json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double)))
        return true;
    return text.p != NULL && is_text(type, text);
}
