#include "tests/unit/support_dir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void support_dir_make(char ret_path[SUPPORT_DIR_ROOM])
{
    const char *base = getenv("TMPDIR");
    snprintf(ret_path, SUPPORT_DIR_ROOM, "%s/katydid-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(ret_path) || chmod(ret_path, 0755) != 0) {
        perror(ret_path);
        abort();
    }
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void support_dir_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
