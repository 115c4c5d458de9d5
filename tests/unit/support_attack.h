// support_attack.h - steps of the attacks on the real runner, and what each must come to.
#ifndef TESTS_UNIT_SUPPORT_ATTACK_H
#define TESTS_UNIT_SUPPORT_ATTACK_H

#include "tests/unit/support_runner.h"

// The START is denied by `rule` with a reason that contains `words`, and nothing has started.
void support_attack_denied(struct support_runner *runner, const struct frame_start *start, int rule,
                           const char *words);
// It starts, and ends.
void support_attack_started(struct support_runner *runner, const struct frame_start *start);

// Signed by Alice, fed and accepted; the START of its present due time.
struct frame_start support_attack_define(struct support_runner *runner, const struct definition *definition);
struct frame_start support_attack_define_plain(struct support_runner *runner, const char *name); // `true`

uint64_t support_attack_stamp(void); // of now
// Signed and fed; whether it was accepted.
bool support_attack_pause(struct support_runner *runner, const struct envelope_signer *signer,
                          const struct pause *pause, struct hash *ret_id);
bool support_attack_delete(struct support_runner *runner, const struct envelope_signer *signer,
                           const char *name,
                           uint64_t life);                                              // of main/NAME
bool support_attack_entry(struct support_runner *runner, struct authority_entry entry); // by the root

#endif
