// support_dir.h - a temporary directory for a test, removed with all that is in it.
#ifndef TESTS_UNIT_SUPPORT_DIR_H
#define TESTS_UNIT_SUPPORT_DIR_H

enum { SUPPORT_DIR_ROOM = 256 };

// Makes it below $TMPDIR or /tmp, mode 0755 so that other users can reach what is below.
void support_dir_make(char ret_path[SUPPORT_DIR_ROOM]);
void support_dir_remove(const char *path);

#endif
