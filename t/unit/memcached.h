/* A memcached of a test's own, on a socket. */
#ifndef OBI_TEST_MEMCACHED_H
#define OBI_TEST_MEMCACHED_H

#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static bool
memcached_answers(const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int                fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool               ok;

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    ok = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    close(fd);
    return ok;
}

/* Run as root it drops to nobody, who must be able to make the socket. */
static pid_t
memcached_start(const char *path)
{
    pid_t pid = fork();

    if (pid == 0) {
        execlp("memcached", "memcached", "-u", "nobody", "-a", "777", "-t", "1", "-m", "8", "-s",
               path, NULL);
        _exit(127);
    }
    for (int tries = 0; tries < 200 && !memcached_answers(path); tries++)
        usleep(10 * 1000);
    assert_true(memcached_answers(path));
    return pid;
}

/* Returns when it has stopped. */
__attribute__((unused)) static void
memcached_freeze(pid_t pid)
{
    int status = 0;

    kill(pid, SIGSTOP);
    while (!WIFSTOPPED(status))
        assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
}

static void
memcached_end(pid_t pid)
{
    kill(pid, SIGCONT);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

#endif
