/* obi config messages: docs/verification.md */
#include <stdio.h>

#include "badge/report.h"
#include "cli_int.h"

static const struct {
    const char *level, *outcome, *err, *name, *key, *sentence;
} rows[] = {
#define M(id, level, outcome, err, name, key, sentence)                                            \
    { #level, #outcome, #err, name, key, sentence },
#include "badge/report.def"
#undef M
};

static const char intro[] =
    "# Verification\n"
    "\n"
    "<!-- Made by `obi config messages` from include/badge/report.def and src/cli/messages.c. Edit "
    "those. -->\n"
    "\n"
    "`input → detect → extract → fetch → normalise → check → report`\n"
    "\n"
    "What is handed in (an address, JSON, a signed badge, a PNG or SVG picture) only says where "
    "the badge is\n"
    "hosted. What its issuer's host answers there is fetched, with the badge class, the issuer and "
    "the pictures\n"
    "it names, read by its context, rewritten to the names of Open Badges 2.0 and checked. Hosted "
    "badges of\n"
    "Open Badges 0.5, 1.0, 1.1 and 2.0 are verified. A signed badge is reported as `unsupported`: "
    "never as\n"
    "valid.\n"
    "\n"
    "A badge is valid when nothing below at level ERROR was found, and the issuer's own host was "
    "seen to speak\n"
    "for it:\n"
    "\n"
    "- The assertion's id has the host of the issuer's id, or one of its "
    "`verification.allowedOrigins`, and\n"
    "  begins with one of `verification.startsWith` where the issuer gives them. In 0.5, where all "
    "is one\n"
    "  document, it is the host of `issuer.origin`. The web site that an issuer names never "
    "counts.\n"
    "- A redirect to another site speaks neither for an assertion nor for an issuer, or any open "
    "redirect of an\n"
    "  issuer's would do. Moving between http and https or to and from `www.` is no other site.\n"
    "- A document that calls itself by another address is fetched there, once, and what is found "
    "there counts.\n"
    "- The recipient matches one of the addresses asked about: in clear, or as `sha256$` or `md5$` "
    "over address\n"
    "  and salt, in the letter cases that people type. Only ASCII letters have case.\n"
    "- The issuer has not revoked it (HTTP status 410, or `revoked` in the assertion), and it has "
    "not expired.\n"
    "- The badge class has a picture that is a sound PNG or SVG. That picture, or the assertion's "
    "own, is shown:\n"
    "  never the one that somebody uploaded.\n"
    "- Extensions are what the schema of their context asks for; what cannot be held against it is "
    "not valid.\n"
    "\n"
    "At most 16 documents are fetched for one badge.\n"
    "\n"
    "## The report\n"
    "\n"
    "`obi verify --json` prints `{\"graph\", \"input\", \"report\"}`. `graph` has the objects, "
    "normalised. `report`\n"
    "has `valid`; `outcome` (`valid`, `expired`, `revoked`, `invalid`, `unreachable`, "
    "`unsupported`);\n"
    "`messages`, each with `name` and `key`, which stay, `messageLevel`, `result` (a sentence for "
    "people) and\n"
    "where they are known `node_id`, `prop_name`, `url`, `received`, `expected`, `status`; and "
    "`documents`, each\n"
    "with `url`, `fetchedAt`, and `status`, `bytes`, `sha256` or `error` and `cause`.\n"
    "\n"
    "## Messages\n"
    "\n"
    "| key | name | level | outcome | sentence |\n"
    "| --- | --- | --- | --- | --- |\n";

int
cli_messages(void)
{
    fputs(intro, stdout);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        printf("| `%s` | %s | %s | %s | %s |\n", rows[i].key, rows[i].name, rows[i].level,
               strcmp(rows[i].level, "ERROR") == 0 ? rows[i].outcome : "", rows[i].sentence);
    return CLI_OK;
}
