#include "node/io/runner/descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "node/io/runner/environment.h"

enum {
    ENVIRONMENT_SIZE_MAX = 4 * 1024 * 1024, // more than the kernel lets a program start with
    CHUNK_SIZE = 16 * 1024,
};

int descendants_adopt(void)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : -errno;
}

static bool read_file(const char *path, struct buffer *out)
{
    uint8_t chunk[CHUNK_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : 0;
    while (fd >= 0 && out->size < ENVIRONMENT_SIZE_MAX && (size = read(fd, chunk, CHUNK_SIZE)) > 0)
        buffer_add(out, chunk, (size_t)size);
    if (fd >= 0)
        close(fd);
    return size >= 0;
}

static bool find_in(struct bytes environment, struct run_id *ret_run)
{
    static const char name[] = ENVIRONMENT_RUN "=";
    const char *at = (const char *)environment.data, *end = at + environment.size;
    while (at < end) {
        const char *stop = memchr(at, '\0', (size_t)(end - at));
        if (!stop)
            return false;
        if (strncmp(at, name, sizeof name - 1) == 0)
            return hex_decode(at + sizeof name - 1, ret_run->b, sizeof ret_run->b);
        at = stop + 1;
    }
    return false;
}

bool descendants_find_run(pid_t pid, struct run_id *ret_run)
{
    char path[64];
    struct buffer environment = {0};
    snprintf(path, sizeof path, "/proc/%ld/environ", (long)pid);
    bool found =
        read_file(path, &environment) && environment.size && find_in(buffer_view(&environment), ret_run);
    buffer_deinit(&environment);
    return found;
}

struct pids {
    pid_t *items; // owned
    size_t count, capacity;
};

static void add_pid(struct pids *pids, long pid)
{
    void *array = pids->items;
    base_grow(&array, &pids->capacity, pids->count + 1, sizeof *pids->items);
    pids->items = array;
    pids->items[pids->count++] = (pid_t)pid;
}

static long parent_of(long pid)
{
    char path[64];
    struct buffer text = {0};
    long parent = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (read_file(path, &text)) {
        buffer_add_u8(&text, 0);
        const char *name_end = strrchr((const char *)text.data, ')'); // the name may contain anything
        if (name_end && strlen(name_end) > 4)
            parent = strtol(name_end + 4, NULL, 10);
    }
    buffer_deinit(&text);
    return parent;
}

// Every process, or only the children of `parent`.
static struct pids list_processes(long parent)
{
    struct pids pids = {0};
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 0 && (!parent || parent_of(pid) == parent))
            add_pid(&pids, pid);
    }
    if (folder)
        closedir(folder);
    return pids;
}

static struct pids list_children(void)
{
    char path[64];
    struct pids pids = {0};
    struct buffer text = {0};
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    if (!read_file(path, &text)) {
        buffer_deinit(&text);
        return list_processes(getpid()); // a kernel without this file
    }
    buffer_add_u8(&text, 0);
    char *rest = (char *)text.data;
    for (;;) {
        char *end;
        long pid = strtol(rest, &end, 10);
        if (end == rest)
            break;
        add_pid(&pids, pid);
        rest = end;
    }
    buffer_deinit(&text);
    return pids;
}

size_t descendants_sweep(const struct descendants_judge *judge, bool any_live)
{
    size_t killed = 0;
    struct pids pids = list_children();
    for (size_t i = 0; i < pids.count; i++) {
        struct run_id run;
        if (judge->is_known(judge->context, pids.items[i]))
            continue;
        bool named = descendants_find_run(pids.items[i], &run);
        if (named ? judge->is_live(judge->context, &run) : any_live)
            continue;
        // Ours and not reaped: the number cannot belong to anybody else by now.
        killed += kill(pids.items[i], SIGKILL) == 0;
    }
    free(pids.items);
    return killed;
}

size_t descendants_kill_everywhere(const struct descendants_judge *judge)
{
    size_t killed = 0;
    struct pids pids = list_processes(0);
    for (size_t i = 0; i < pids.count; i++) {
        struct run_id run;
        if (pids.items[i] != getpid() && descendants_find_run(pids.items[i], &run) &&
            !judge->is_live(judge->context, &run))
            killed += kill(pids.items[i], SIGKILL) == 0;
    }
    free(pids.items);
    return killed;
}
