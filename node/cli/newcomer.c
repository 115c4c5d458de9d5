#include "node/cli/newcomer.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/roster.h"
#include "proto/member.h"
#include "proto/parcel.h"

enum { KIND_ANY = 0x100 };

// The next record of a kind, or of kinds 10-13 for KIND_ANY.
static bool next_of(struct reader *reader, unsigned kind, struct bytes *ret_record)
{
    struct bytes record;
    while (parcel_next(reader, &record)) {
        bool is_about_nodes =
            record.size && record.data[0] >= ENVELOPE_INVITE && record.data[0] <= ENVELOPE_NODE;
        if (record.size && (kind == KIND_ANY ? is_about_nodes : record.data[0] == kind)) {
            *ret_record = record;
            return true;
        }
    }
    return false;
}

static int count_all(struct bytes records, size_t *ret_count)
{
    struct reader reader;
    struct bytes record;
    size_t count = 0;
    reader_init(&reader, records);
    while (parcel_next(&reader, &record))
        count++;
    if (!reader_is_done(&reader) || count > NEWCOMER_RECORD_COUNT_MAX)
        return NEWCOMER_MALFORMED;
    *ret_count = count;
    return 0;
}

static int take_log(struct newcomer *newcomer, const struct newcomer_claim *claim)
{
    struct reader reader;
    struct bytes record;
    uint64_t needed;
    reader_init(&reader, claim->records);
    if (!next_of(&reader, ENVELOPE_GENESIS, &record) ||
        authority_log_init(&newcomer->log, record, &claim->token->fleet))
        return NEWCOMER_OTHER_FLEET;
    reader_init(&reader, claim->records);
    while (next_of(&reader, ENVELOPE_AUTHORITY, &record)) {
        int outcome = authority_log_add(&newcomer->log, record, &needed);
        if (outcome && outcome != AUTHORITY_LOG_KNOWN && outcome != AUTHORITY_LOG_FORK)
            return NEWCOMER_BAD_LOG;
    }
    bool is_there =
        authority_log_has(&newcomer->log, claim->token->authority_number, &claim->token->authority_head);
    return is_there ? 0 : NEWCOMER_OLD_LOG;
}

static int take_nodes(struct newcomer *newcomer, const struct newcomer_claim *claim)
{
    struct roster roster = {0};
    struct reader reader;
    struct bytes record;
    reader_init(&reader, claim->records);
    while (next_of(&reader, KIND_ANY, &record))
        roster_add(&roster, record);
    bool is_genuine = roster_fill(&roster, &newcomer->log, &newcomer->directory);
    roster_deinit(&roster);
    return is_genuine ? 0 : NEWCOMER_FORGED;
}

// The admission they named, the invite it rests on and who signed both.
static int check_admission(struct newcomer *newcomer, const struct newcomer_claim *claim)
{
    const struct directory_record *admission = directory_find_record(&newcomer->directory, &claim->admission);
    struct node_id own = node_id_of(&claim->node_key);
    struct public_key token_key;
    struct secret_key token_secret;
    if (!admission || !admission->is_live || admission->kind != ENVELOPE_ADMISSION ||
        memcmp(&admission->body.admission.node_key, &claim->node_key, sizeof claim->node_key) != 0)
        return NEWCOMER_NOT_ADMITTED;
    const struct directory_node *inviter = directory_find(&newcomer->directory, &admission->signer);
    if (!inviter || !inviter->has_keys || inviter->is_revoked ||
        memcmp(&inviter->datagram_key, &claim->token->redeemer_key, sizeof inviter->datagram_key) != 0)
        return NEWCOMER_OTHER_INVITER;
    envelope_keypair(claim->token->seed, &token_key, &token_secret);
    sodium_memzero(&token_secret, sizeof token_secret);
    if (!admission->invite ||
        memcmp(&admission->invite->body.invite.token_key, &token_key, sizeof token_key) != 0)
        return NEWCOMER_NOT_OUR_INVITE;
    newcomer->self = directory_find(&newcomer->directory, &own);
    return newcomer->self && !newcomer->self->is_revoked ? 0 : NEWCOMER_NOT_ADMITTED;
}

// True when it is the word of a node we know about itself; *ret_forged: of such a node, but not signed by it.
static bool is_member(const struct newcomer *newcomer, struct bytes record, bool *ret_forged)
{
    struct envelope envelope;
    struct record_id id;
    struct arena arena = {0};
    struct member_alive alive;
    if (envelope_parse(record, &envelope))
        return false;
    const struct directory_node *node = directory_find(&newcomer->directory, &envelope.signer);
    if (!node || node->is_revoked || node == newcomer->self)
        return false;
    *ret_forged = envelope_verify(&envelope, &newcomer->log.fleet, &node->key, &id) != 0;
    bool is_well_formed = !*ret_forged && member_alive_decode(envelope.body, &arena, &alive) == 0;
    arena_deinit(&arena);
    return is_well_formed;
}

static int take_members(struct newcomer *newcomer, const struct newcomer_claim *claim, size_t record_count)
{
    struct reader reader;
    struct bytes record;
    bool is_forged = false;
    newcomer->members = base_alloc(record_count + 1, sizeof *newcomer->members);
    reader_init(&reader, claim->records);
    while (!is_forged && next_of(&reader, ENVELOPE_ALIVE, &record)) {
        if (is_member(newcomer, record, &is_forged))
            newcomer->members[newcomer->member_count++] = record;
    }
    return is_forged ? NEWCOMER_FORGED : 0;
}

int newcomer_init(struct newcomer *newcomer, const struct newcomer_claim *claim)
{
    size_t count = 0;
    *newcomer = (struct newcomer){0};
    directory_init(&newcomer->directory);
    int outcome = count_all(claim->records, &count);
    if (outcome == 0)
        outcome = take_log(newcomer, claim);
    if (outcome == 0)
        outcome = take_nodes(newcomer, claim);
    if (outcome == 0)
        outcome = check_admission(newcomer, claim);
    return outcome ? outcome : take_members(newcomer, claim, count);
}

void newcomer_deinit(struct newcomer *newcomer)
{
    authority_log_deinit(&newcomer->log);
    directory_deinit(&newcomer->directory);
    free(newcomer->members);
    *newcomer = (struct newcomer){0};
}

const char *newcomer_outcome_text(int outcome)
{
    static const char *const TEXTS[] = {
        [0] = "all of it holds",
        [NEWCOMER_MALFORMED] = "its records cannot be read by this version",
        [NEWCOMER_OTHER_FLEET] = "it belongs to another fleet than the token",
        [NEWCOMER_BAD_LOG] = "its authority log is not signed by the root of the fleet",
        [NEWCOMER_OLD_LOG] = "its authority log lacks the entry that the token names",
        [NEWCOMER_FORGED] = "it shows records whose signatures do not hold",
        [NEWCOMER_OTHER_INVITER] = "the admission is not signed by the node that invited this machine",
        [NEWCOMER_NOT_OUR_INVITE] = "the admission belongs to another token",
        [NEWCOMER_NOT_ADMITTED] = "its admission does not hold for the key of this machine",
    };
    return outcome >= 0 && (size_t)outcome < COUNT_OF(TEXTS) ? TEXTS[outcome] : "its records do not hold";
}
