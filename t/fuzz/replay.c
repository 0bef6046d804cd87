/* Stands in for libFuzzer where it is not: gives a fuzz target each file of its folder, as one TAP
 * test each. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static int
is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* An exact allocation for each, so that the sanitizers see a byte read too much. */
static int
replay(const char *name)
{
    char     path[4096];
    FILE    *f;
    uint8_t *bytes;
    long     size;

    snprintf(path, sizeof path, "%s/%s", SEEDS, name);
    if ((f = fopen(path, "rb")) == NULL)
        return -1;
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    bytes = malloc(size > 0 ? (size_t)size : 1);
    if (size < 0 || bytes == NULL || fread(bytes, 1, (size_t)size, f) != (size_t)size) {
        fclose(f);
        free(bytes);
        return -1;
    }
    fclose(f);
    LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
    return 0;
}

int
main(void)
{
    struct dirent **entries = NULL;
    int             count = scandir(SEEDS, &entries, is_input, alphasort), failed = 0;

    if (count <= 0) {
        printf("1..1\nnot ok 1 - there are seeds in %s\n", SEEDS);
        return 1;
    }
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        int rc = replay(entries[i]->d_name);

        printf("%sok %d - %s\n", rc == 0 ? "" : "not ", i + 1, entries[i]->d_name);
        fflush(stdout);
        failed |= rc;
        free(entries[i]);
    }
    free(entries);
    return failed == 0 ? 0 : 1;
}
