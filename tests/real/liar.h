// liar.h - what somebody could do who has got hold of keys, of a member, or of a network process.
//
// A program for test_trust.py: it signs what must not be signed, hands it over at each door of an agent, and
// prints what the agent said. Each command is a function; it returns the exit status.
#ifndef TESTS_REAL_LIAR_H
#define TESTS_REAL_LIAR_H

#include "proto/bytes.h"

enum { LIAR_FILE_COUNT_MAX = 16 };

// Reads a whole file to the end of `out`; ends the program when it cannot.
void liar_read(const char *path, struct buffer *out);
// Says what is wrong and ends the program: the attack itself did not work.
_Noreturn PRINTF_LIKE(1, 2) void liar_fail(const char *text, ...);

// FILE SIGNER FLEET NUMBER JOB USER SHELL [OTHER]: makes a definition, every second since an hour ago, and
// prints its record id. SIGNER is a key file of a person, or a node's DIR; FLEET the id under which it is
// signed, or `own` for the key's; NUMBER of the authority log. With OTHER the body says that instead, under
// the signature of SHELL.
int liar_sign(int argc, char **argv);
// DIR FILE...: each through DIR/control, as a command line that checks nothing; what it prints is its own.
int liar_put(int argc, char **argv);
// DIR ADDRESS FILE...: all over a stream, as the member whose DIR it is. Returns when all were handled.
int liar_push(int argc, char **argv);
// DIR FILE=ID...: the runner of DIR, and in the place of its network process one that feeds each record and
// sends a START for each id at its present due time. Goes on until SIGTERM.
int liar_runner(int argc, char **argv);
// Does not return when this process was started as that network process; else false.
bool liar_is_network_process(int argc, char **argv);

#endif
