/* gettext's plural expression: C's operators over one variable, no assignment, no call. */
#include "http/catalogue.h"

enum { MAX_DEPTH = 32 };

struct parser {
    struct slice       left;
    unsigned long long n;
    int                depth;
    bool               bad;
};

static unsigned long long choose(struct parser *p);

static bool
take(struct parser *p, const char *token)
{
    struct slice want = slice_str(token);

    p->left = slice_trim(p->left);
    if (!slice_starts(p->left, want))
        return false;
    /* `<` is not the beginning of `<=`, `!` not of `!=`. */
    if (want.n == 1 && strchr("<>!=", token[0]) != NULL && p->left.n > 1 && p->left.p[1] == '=')
        return false;
    p->left = slice_from(p->left, want.n);
    return true;
}

static unsigned long long
number(struct parser *p)
{
    unsigned long long value = 0;
    size_t             digits = 0;

    while (digits < p->left.n && p->left.p[digits] >= '0' && p->left.p[digits] <= '9')
        digits++;
    if (!slice_u64(slice_first(p->left, digits), ~0ULL, &value))
        p->bad = true;
    p->left = slice_from(p->left, digits);
    return value;
}

static unsigned long long
primary(struct parser *p)
{
    unsigned long long value;

    if (++p->depth > MAX_DEPTH || p->bad) {
        p->bad = true;
        return 0;
    }
    if (take(p, "!")) {
        value = !primary(p);
    } else if (take(p, "(")) {
        value = choose(p);
        p->bad = p->bad || !take(p, ")");
    } else if (take(p, "n")) {
        value = p->n;
    } else {
        value = number(p);
    }
    p->depth--;
    return value;
}

static unsigned long long
apply(struct parser *p, const char *op, unsigned long long a, unsigned long long b)
{
    switch (op[0]) {
    case '*':
        return a * b;
    case '/':
    case '%':
        if (b == 0) {
            p->bad = true;
            return 0;
        }
        return op[0] == '/' ? a / b : a % b;
    case '+':
        return a + b;
    case '-':
        return a - b;
    case '<':
        return op[1] == '=' ? a <= b : a < b;
    case '>':
        return op[1] == '=' ? a >= b : a > b;
    case '=':
        return a == b;
    case '!':
        return a != b;
    case '&':
        return a && b;
    default:
        return a || b;
    }
}

/* From the operators that bind least to those that bind most; all of them from left to right. */
static unsigned long long
binary(struct parser *p, size_t level)
{
    static const char *const levels[][5] = { { "||" },           { "&&" },     { "==", "!=" },
                                             { "<=", ">=", "<", ">" }, { "+", "-" },
                                             { "*", "/", "%" } };
    unsigned long long       value;

    if (level == COUNT_OF(levels))
        return primary(p);
    value = binary(p, level + 1);
    for (size_t i = 0; !p->bad && i < COUNT_OF(levels[0]) && levels[level][i] != NULL; i++)
        if (take(p, levels[level][i])) {
            value = apply(p, levels[level][i], value, binary(p, level + 1));
            i = (size_t)-1; /* look for all of this level again */
        }
    return value;
}

static unsigned long long
choose(struct parser *p)
{
    unsigned long long condition, yes, no;

    if (++p->depth > MAX_DEPTH) {
        p->bad = true;
        return 0;
    }
    condition = binary(p, 0);
    if (!p->bad && take(p, "?")) {
        yes = choose(p);
        p->bad = p->bad || !take(p, ":");
        no = choose(p);
        condition = condition ? yes : no;
    }
    p->depth--;
    return condition;
}

bool
plural_form(struct slice expression, unsigned long long n, unsigned long long *ret)
{
    struct parser      p = { expression, n, 0, false };
    unsigned long long value = choose(&p);

    if (p.bad || slice_trim(p.left).n > 0)
        return false;
    *ret = value;
    return true;
}
