/* obi config messages: docs/verification.md */
#include <stdio.h>

#include "badge/report.h"
#include "cli_int.h"

static const struct {
    const char *level, *status, *err, *name, *key, *sentence;
} rows[] = {
#define M(id, level, status, err, name, key, sentence, advice)                                     \
    { #level, #status, #err, name, key, sentence },
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
    "## Rules\n"
    "\n"
    "The code names them so. The ones marked D go beyond the reference validator of Open Badges "
    "2.0, where it\n"
    "lets pass what the specification does not.\n"
    "\n"
    "| rule | what it holds |\n"
    "| --- | --- |\n"
    "| R01 to R06 | what an input is, and where its assertion is hosted; not behind a picture's "
    "picture |\n"
    "| R07, R08 | a document is fetched once, answered with a status from 200 to 299, and found "
    "under its id |\n"
    "| R09 | names are read by `@context`; a context that cannot be had makes its document "
    "unusable |\n"
    "| R10 to R14 | 0.5 and 1.x rewritten to 2.0: dates, recipient, alignment, issuer |\n"
    "| R15 | an object with an address of its own inside a document is fetched there; the copy "
    "does not count |\n"
    "| R16 to R18 | each class's properties: there, of their type, not more than allowed |\n"
    "| R19 to R21 | who may speak for an issuer: above |\n"
    "| R25 | issued in the past, expires after it was issued and not yet |\n"
    "| R26, R27 | the recipient is what it says (a hash or not), and one of the addresses asked "
    "about |\n"
    "| R28 | an issuer has an address of its own |\n"
    "| R32 | the class has a picture, which can be had; the assertion's own too, if it names one "
    "|\n"
    "| R33 | criteria are an address or a narrative |\n"
    "| R36 | extensions |\n"
    "| R41, D01 | not revoked |\n"
    "| D06, D07 | `verification.type` is known; a badge that says it is signed and is not is "
    "invalid |\n"
    "| D08 | an issuer of 2.0 without an e-mail address is warned of |\n"
    "| D16 | hashes other than SHA-256 and MD5 match nobody |\n"
    "| D19 | pictures are sound, whatever their Content-Type |\n"
    "| D28 | a 0.5 badge is hosted at its issuer's origin |\n"
    "\n"
    "At most 16 documents are fetched for one badge.\n"
    "\n"
    "## The report\n"
    "\n"
    "`obi verify --json` prints `{\"graph\", \"input\", \"report\"}`. `graph` has the objects, "
    "normalised. `report`\n"
    "has `valid`; `outcome` (`valid`, `invalid`, `unchecked`); `status` (`valid`, `expired`, "
    "`revoked`, `invalid`,\n"
    "`unchecked`);\n"
    "`messages`, each with `name` and `key`, which stay, `messageLevel`, `result` (a sentence for "
    "people) and\n"
    "where they are known `node_id`, `prop_name`, `url`, `received`, `expected`, `status`; and "
    "`documents`, each\n"
    "with `url`, `fetchedAt`, and `status`, `bytes`, `sha256` or `error` and `cause`.\n"
    "\n"
    "## Messages\n"
    "\n"
    "| key | name | level | status | sentence |\n"
    "| --- | --- | --- | --- | --- |\n";

int
cli_messages(void)
{
    fputs(intro, stdout);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        printf("| `%s` | %s | %s | %s | %s |\n", rows[i].key, rows[i].name, rows[i].level,
               strcmp(rows[i].level, "ERROR") == 0 ? rows[i].status : "", rows[i].sentence);
    return CLI_OK;
}
