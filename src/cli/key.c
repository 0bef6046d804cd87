/* obi key */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli_int.h"
#include "core/file.h"

static const char help[] =
    "usage: obi key FILE\n"
    "\n"
    "Writes a new private key (RSA, 2048 bits, PEM) to FILE, which must not be there yet and which "
    "only\n"
    "its owner may read. For browserid.key: give it to the user of the workers.\n";

enum { BITS = 2048 };

/* A file that is there stays: its key may be in use. */
static bool
write_new(const char *path, struct slice text)
{
    int  fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && file_write_all(fd, text);

    if (fd >= 0 && close(fd) != 0)
        good = false;
    if (!good)
        fprintf(stderr, "obi: %s: %s\n", path, strerror(errno));
    return good;
}

int
cli_key(int argc, char **argv)
{
    size_t    operands = 0;
    int       rc = cli_options(argc, argv, help, NULL, 0, &operands);
    EVP_PKEY *key;
    BIO      *pem;
    char     *p;
    long      n = 0;
    bool      good;

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands != 1) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    key = EVP_RSA_gen(BITS);
    pem = BIO_new(BIO_s_mem());
    good = key != NULL && pem != NULL &&
           PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) == 1 &&
           (n = BIO_get_mem_data(pem, &p)) > 0 &&
           write_new(argv[1], (struct slice){ p, (size_t)n });
    BIO_free(pem);
    EVP_PKEY_free(key);
    return good ? CLI_OK : CLI_TROUBLE;
}
