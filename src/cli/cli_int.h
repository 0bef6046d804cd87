/* What the verbs of `obi` share. One file a verb: src/cli/<verb>.c. */
#ifndef OBI_CLI_INT_H
#define OBI_CLI_INT_H

#include "core/arena.h"
#include "core/conf.h"
#include "core/err.h"

enum { CLI_OK = 0, CLI_NO = 1, CLI_UNCHECKED = 2, CLI_USAGE = 64, CLI_TROUBLE = 70 };

/* argv[0] is the verb itself. Yields the exit status. */
int cli_bake(int argc, char **argv);
int cli_cache(int argc, char **argv);
int cli_collection(int argc, char **argv);
int cli_config(int argc, char **argv);
int cli_error_pages(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_jobs(int argc, char **argv);
int cli_key(int argc, char **argv);
int cli_migrate(int argc, char **argv);
int cli_promote(int argc, char **argv);
int cli_recheck(int argc, char **argv);
int cli_seed(int argc, char **argv);
int cli_status(int argc, char **argv);
/* Prints docs/verification.md. */
int cli_messages(void);
int cli_unbake(int argc, char **argv);
int cli_user(int argc, char **argv);
int cli_verify(int argc, char **argv);

/* Options, the same for every verb: `--name value`, `--name=value`, `--flag`; `--` ends them. What
 * is no option is an operand; options may stand among them. */
struct cli_option {
    const char   *name;   /* without the dashes */
    bool         *flag;   /* set when given; or */
    struct slice *value;  /* the last value; or */
    struct slice *values; /* every value, at most CLI_VALUES_MAX */
    size_t       *value_count;
};
enum { CLI_VALUES_MAX = 64 };
#define CLI_FLAG(name_, flag_)                                                                     \
    {                                                                                              \
        .name = (name_), .flag = (flag_)                                                           \
    }
#define CLI_VALUE(name_, value_)                                                                   \
    {                                                                                              \
        .name = (name_), .value = (value_)                                                         \
    }
#define CLI_VALUES(name_, values_, count_)                                                         \
    {                                                                                              \
        .name = (name_), .values = (values_), .value_count = (count_)                              \
    }

/* Takes the options out of argv and leaves the operands in argv[1] to argv[*ret_count].
 * Out     CLI_OK; or CLI_USAGE when an option is unknown or lacks its value (said on standard
 * error); or -1 when --help was given and `help` has been printed: the verb then ends with CLI_OK.
 */
int cli_options(int argc, char **argv, const char *help, const struct cli_option *options,
                size_t count, size_t *ret_operands);
/* Ends a verb after cli_options: its result as an exit status. */
#define CLI_EXIT(result) ((result) < 0 ? CLI_OK : (result))

/* On standard error, a line for each: FILE:LINE: KEY: REASON. */
void cli_say_mistakes(const struct conf_mistake *mistakes, size_t count);
/* Reads --conf files, of which this verb `needs` some settings (core/conf.h), saying every mistake on
 * standard error. NULL after mistakes, or without files. */
const struct conf *cli_conf(struct arena *a, const struct slice *files, size_t count,
                            const char *needs);
/* What the command line says of fetching, the same for all that work without a server. */
struct cli_reach {
    struct slice files[CLI_VALUES_MAX], mapped[CLI_VALUES_MAX], opened[CLI_VALUES_MAX], cacert;
    size_t       file_count, mapped_count, opened_count;
};
/* Its rows of a table of options; what they mean, for help. */
#define CLI_REACH(r)                                                                               \
    CLI_VALUES("conf", (r)->files, &(r)->file_count), CLI_VALUE("cacert", &(r)->cacert),           \
        CLI_VALUES("connect-to", (r)->mapped, &(r)->mapped_count),                                 \
        CLI_VALUES("allow-net", (r)->opened, &(r)->opened_count)
#define CLI_REACH_HELP                                                                             \
    "--cacert FILE      Trusts the CA certificates in it besides the system's.\n"                  \
    "--connect-to H1:P1:H2:P2\n"                                                                   \
    "                   Connects to H2:P2 where an address says H1:P1, as curl does.\n"            \
    "--allow-net CIDR   Fetches from this network although it is private: `CIDR`, `CIDR:port` "    \
    "or\n"                                                                                         \
    "                   `[CIDR]:port`.\n"                                                          \
    "--conf FILE        Takes the fetch.* settings from a configuration; the three above replace " \
    "theirs.\n"
/* The settings by which to fetch: those of the files with what the command line says over them, the
 * defaults without. Yields the exit status, after saying on standard error what is wrong. */
int cli_reach_conf(struct arena *a, struct cli_reach *reach, const struct conf **ret);
/* Reads an input: an http or https address, JSON or a signed badge as it is, `-` or a file of at most
 * LIMIT_IMAGE_BYTES;
 * white space around a text is cut. False after saying why not. */
bool cli_input(struct arena *a, const char *operand, struct slice *ret);
/* What fetches for the tool, by the configuration. The fetcher lives in `a`, *ret_net is ended with
 * net_free after it. NULL after saying why not. */
struct net;
const struct fetcher *cli_fetcher(struct arena *a, const struct conf *conf, struct net **ret_net);
/* Answers each address with the file that `wget --force-directories` puts it into below `folder`,
 * fetched when it was last changed; what is not there is FETCH_CONNECT. The fetcher lives in `a`. */
const struct fetcher *cli_documents(struct arena *a, const char *folder);
/* Writes bytes to a file, or to standard output for `-`. False after saying why not. */
bool cli_write(struct arena *a, struct slice path, struct slice bytes);
/* Prints a value as one line of JSON and ends the reference. */
struct json_object;
void cli_print(struct arena *a, struct json_object *value);
/* Says a failure on standard error: sentence, url, field, received, cause. Yields the exit status:
 * 70 for trouble of ours (status 500 and above), else 1. */
int cli_fail(const struct err *e);

#endif
