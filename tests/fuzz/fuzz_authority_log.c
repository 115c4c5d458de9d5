// fuzz_authority_log.c - sequences of authority entries, forks and damage among them, in two orders.
//
// Each pair of bytes signs an entry: the first says what it does, the second which entry it follows. All
// are offered in the order made and in reverse, again and again until nothing fits any more: both logs
// must come out equal. A pair that begins with 7 damages the entry before it, which must then be refused.
// What is left over after the last pair is offered as an envelope of its own.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/trust.h"

enum { ENTRY_COUNT_MAX = 6 };

struct entry {
    struct buffer envelope;
    struct record_id id;
    uint64_t number;
    bool is_damaged;
};

static struct fleet_id fleet;
static struct buffer genesis;

static struct authority_entry entry_of(uint8_t what)
{
    struct authority_entry entry = {.change = AUTHORITY_SETTING};
    memcpy(entry.setting.key, "color", 6);
    entry.setting.value = what & 8 ? "red" : "blue";
    switch (what % 8) {
    case 0:
    case 1:
        return trust_operator((uint8_t)(2 + what / 8 % 3));
    case 2:
    case 3:
        return trust_revoke((uint8_t)(2 + what / 8 % 3), what);
    case 4:
        return trust_revoke(1, what); // the root itself
    default:
        return entry;
    }
}

// Returns how many bytes it used.
static size_t make_entries(const uint8_t *data, size_t size, struct entry *entries, size_t *count)
{
    size_t used = 0;
    for (*count = 0; *count < ENTRY_COUNT_MAX && used + 2 <= size; used += 2) {
        uint8_t what = data[used], after = data[used + 1];
        if (what % 8 == 7 && *count && !entries[*count - 1].is_damaged) {
            struct entry *last = &entries[*count - 1];
            last->envelope.data[after % last->envelope.size] ^= (uint8_t)(1 + what / 8);
            last->is_damaged = true;
            continue;
        }
        size_t parent = after % (*count + 1);
        struct authority_entry entry = entry_of(what);
        entry.number = parent ? entries[parent - 1].number + 1 : 1;
        entry.previous = parent ? entries[parent - 1].id.hash : fleet.hash;
        entries[*count] = (struct entry){.number = entry.number};
        entries[*count].id = trust_sign_entry(&fleet, entry, &entries[*count].envelope);
        (*count)++;
    }
    return used;
}

static void offer_all(struct authority_log *log, const struct entry *entries, size_t count, bool is_reversed)
{
    for (size_t before = SIZE_MAX; before != log->entry_count;) {
        before = log->entry_count;
        for (size_t i = 0; i < count; i++) {
            const struct entry *entry = &entries[is_reversed ? count - 1 - i : i];
            uint64_t needed = 0;
            int outcome = authority_log_add(log, buffer_view(&entry->envelope), &needed);
            assert(!entry->is_damaged || outcome > AUTHORITY_LOG_GAP);
            assert(outcome != AUTHORITY_LOG_GAP || (needed > 0 && needed < entry->number));
        }
    }
}

static void check(const struct authority_log *log)
{
    struct authority_log_head head = authority_log_get_head(log);
    assert(head.number == log->chain_count);
    assert(authority_log_has(log, head.number, &head.id.hash));
    for (size_t i = 0; i < log->operator_count; i++) {
        const struct authority_log_operator *operator_ = &log->operators[i];
        assert(operator_->grant_count > 0);
        assert(operator_->is_revoked == !!authority_log_find_revocation(log, &operator_->id));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct entry entries[ENTRY_COUNT_MAX];
    struct authority_log logs[2];
    size_t count;
    uint64_t needed;
    if (!genesis.size)
        fleet = trust_genesis(&genesis);
    size_t used = make_entries(data, size, entries, &count);
    for (int i = 0; i < 2; i++) {
        int outcome = authority_log_init(&logs[i], buffer_view(&genesis), &fleet);
        assert(outcome == 0);
        offer_all(&logs[i], entries, count, i);
        check(&logs[i]);
    }
    struct hash first = authority_log_summary(&logs[0]), second = authority_log_summary(&logs[1]);
    assert(hash_equal(&first, &second));
    assert(authority_log_add(&logs[0], bytes_of(data + used, size - used), &needed) > AUTHORITY_LOG_GAP);
    for (size_t i = 0; i < count; i++)
        buffer_deinit(&entries[i].envelope);
    authority_log_deinit(&logs[0]);
    authority_log_deinit(&logs[1]);
    return 0;
}
