#include "node/io/store/sql.h"

#include <stddef.h>

// Kinds as in proto/envelope.h: 64 claim, 66 result, 67 verdict, 68 cursor. Statuses as in
// proto/ledger.h: 0 open, 1 to 8 below ok, 9 ok.
#define SERIES         " job = ?1 AND life = ?2 AND version = ?3 AND trigger = ?4 AND target = ?5 AND cause IS ?6 "
#define SERIES_COLUMNS " job, life, version, trigger, target, cause, first, last "
#define SAME_SERIES(a, b)                                                                                    \
#a ".job = " #b ".job AND " #a ".life = " #b ".life AND " #a ".version = " #b ".version AND " #a         \
       ".trigger = " #b ".trigger AND " #a ".target = " #b ".target AND " #a ".cause IS " #b ".cause"

// Two stretches of due times overlap. Nearly all are single or span less than a minute (blocks of
// claims), so those that overlap end within a minute of the other's end: a few rows of the index by job
// and end. The long ones, weeks that were missed, have an index of their own (schema.c).
#define LONG_MS       "60000"
#define OVERLAP_SHORT " last >= ?7 AND last <= ?8 + " LONG_MS " AND first <= ?8 "
#define OVERLAP_LONG  " last - first > " LONG_MS " AND last > ?8 + " LONG_MS " AND first <= ?8 "
#define OVERLAPS(a, b)                                                                                       \
#a ".last >= " #b ".first AND " #a ".last <= " #b ".last + " LONG_MS " AND " #a ".first <= " #b ".last"
#define OVERLAPS_LONG(a, b)                                                                                  \
#a ".last - " #a ".first > " LONG_MS " AND " #a ".last > " #b ".last + " LONG_MS " AND " #a              \
       ".first <= " #b ".last"

#define ENDED                                                                                                \
    "(kind <> 64 OR EXISTS (SELECT 1 FROM item e WHERE e.kind <> 64 AND " SAME_SERIES(                       \
        e, i) " AND " OVERLAPS(e, i) ") OR EXISTS (SELECT 1 FROM item e INDEXED BY item_long WHERE e.kind "  \
                                     "<> 64 AND " SAME_SERIES(e, i) " AND " OVERLAPS_LONG(e, i) "))"

static const char *const texts[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_PAGE_COUNT] = "PRAGMA page_count",
    [SQL_FREE_COUNT] = "PRAGMA freelist_count",
    [SQL_VACUUM] = "PRAGMA incremental_vacuum(256)",

    [SQL_META_PUT] = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = "
                     "excluded.value",
    [SQL_META_DROP] = "DELETE FROM meta WHERE key = ?1",
    [SQL_META_FIND] = "SELECT value FROM meta WHERE key = ?1",
    [SQL_META_ALL] = "SELECT key, value FROM meta",

    [SQL_RECORD_ADD] = "INSERT OR IGNORE INTO record (id, kind, number, envelope) VALUES (?1, ?2, ?3, ?4)",
    [SQL_RECORD_DROP] = "DELETE FROM record WHERE id = ?1",
    [SQL_RECORD_KINDS] =
        "SELECT id, envelope FROM record WHERE kind BETWEEN ?1 AND ?2 ORDER BY kind, number, row",

    [SQL_LEDGER_ADD] = "INSERT OR IGNORE INTO ledger (id, kind, size, envelope) VALUES (?1, ?2, ?3, ?4)",
    [SQL_LEDGER_GET] = "SELECT id, size, envelope FROM ledger WHERE row = ?1",
    [SQL_LEDGER_DROP_EMPTY] = "DELETE FROM ledger WHERE row = ?1 AND NOT EXISTS (SELECT 1 FROM item WHERE "
                              "ledger = ?1) AND NOT EXISTS (SELECT 1 FROM segment WHERE ledger = ?1)",
    [SQL_LEDGER_DROP_CURSORS] =
        "DELETE FROM ledger WHERE kind = 68 AND row NOT IN (SELECT ledger FROM cursor)",

    [SQL_ITEM_ADD] = "INSERT INTO item (ledger, position, kind, run, count, step, status, at," SERIES_COLUMNS
                     ") VALUES (?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_ITEM_DROP] = "DELETE FROM item WHERE ledger = ?1 AND position = ?2",
    [SQL_CAUSE_MOMENT] = "SELECT first FROM item WHERE cause = ?6 AND" SERIES "LIMIT 1",

    [SQL_CURSOR_COVERED] =
        "SELECT 1 FROM cursor WHERE job = ?1 AND life = ?2 AND version = ?3 AND trigger = ?4 AND target = ?5 "
        "AND signer = ?6 AND decided >= ?7 AND (epoch, epoch_node) >= (?8, ?9) LIMIT 1",
    [SQL_CURSOR_DROP_COVERED] =
        "DELETE FROM cursor WHERE job = ?1 AND life = ?2 AND version = ?3 AND trigger = ?4 AND target = ?5 "
        "AND signer = ?6 AND decided <= ?7 AND (epoch, epoch_node) <= (?8, ?9)",
    [SQL_CURSOR_ADD] =
        "INSERT OR IGNORE INTO cursor (job, life, version, trigger, target, signer, decided, "
        "epoch, epoch_node, ledger, position) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
        "?11)",

    [SQL_SEGMENT_ADD] = "INSERT INTO segment (ledger, position, run, number) VALUES (?1, ?2, ?3, ?4)",
    [SQL_SEGMENT_DROP] = "DELETE FROM segment WHERE ledger = ?1 AND position = ?2",

    [SQL_STORY_ADD] = "INSERT INTO story (stamp, job, occurrence, node, what) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_STORY_DROP_OLD] = "DELETE FROM story WHERE row <= (SELECT MAX(row) FROM story) - ?1 OR "
                           "stamp < (SELECT MAX(stamp) FROM story) - ?2",

    // A claim is unsettled without a result: its own, or a range of them that says its due time went well. A
    // block of claims is unsettled until results cover as many due times as it counts.
    [SQL_LOAD_ITEMS] =
        "SELECT ledger, position FROM item i WHERE at >= ?1 OR last >= ?1 OR kind = 64 AND ("
        "count = 1 AND NOT EXISTS (SELECT 1 FROM item r WHERE r.run = i.run AND r.kind = 66) AND NOT EXISTS "
        "(SELECT 1 FROM item r WHERE r.kind = 66 AND r.count > 1 AND " SAME_SERIES(r, i) " AND " OVERLAPS(
            r, i) ") OR count > 1 AND count > ("
                  "SELECT COALESCE(SUM((MIN(d.last, i.last) - MAX(d.first, i.first)) / i.step + 1), 0) FROM ("
                  "SELECT DISTINCT r.first, r.last FROM item r WHERE r.kind = 66 AND " SAME_SERIES(
                      r, i) " AND " OVERLAPS(r, i) ") d))",
    [SQL_LOAD_CURSORS] = "SELECT ledger, position FROM cursor",
    [SQL_LOAD_NEWEST] = "SELECT MAX(last) FROM item",

    [SQL_DUE_NEWEST] =
        "SELECT" SERIES_COLUMNS "FROM item WHERE last >= ?2 AND first <= ?3 ORDER BY last DESC, first",
    [SQL_DUE_NEWEST_JOB] =
        "SELECT" SERIES_COLUMNS
        "FROM item WHERE job = ?1 AND last >= ?2 AND first <= ?3 ORDER BY last DESC, first",
    [SQL_DUE_FAILED] = "SELECT" SERIES_COLUMNS "FROM item WHERE status BETWEEN 1 AND 8 AND (?1 = '' OR "
                       "job = ?1) AND last >= ?2 AND first <= ?3 ORDER BY last DESC, first",
    [SQL_SERIES_IS_OK] =
        "SELECT 1 FROM item WHERE" SERIES "AND" OVERLAP_SHORT "AND status = 9 UNION ALL "
        "SELECT 1 FROM item INDEXED BY item_long WHERE" SERIES "AND" OVERLAP_LONG "AND status = 9 LIMIT 1",
    [SQL_SERIES_ITEMS] =
        "SELECT ledger, position, run FROM item WHERE" SERIES "AND" OVERLAP_SHORT "UNION ALL "
        "SELECT ledger, position, run FROM item INDEXED BY item_long WHERE" SERIES "AND" OVERLAP_LONG,
    [SQL_RUN_ITEMS] = "SELECT" SERIES_COLUMNS "FROM item WHERE run >= ?1 AND run <= ?2",
    [SQL_RANGE_ITEMS] = "SELECT ledger, position FROM item INDEXED BY item_range WHERE count > 1 AND kind IN "
                        "(64, 66) ORDER BY last DESC LIMIT ?1",
    [SQL_DUE_ITEMS] = "SELECT ledger, position FROM item WHERE job = ?1 AND last >= ?2 AND first <= ?3",
    [SQL_CAUSE_ITEMS] = "SELECT ledger, position FROM item WHERE cause = ?1",
    [SQL_JOB_NEXT] = "SELECT MIN(job) FROM (SELECT MIN(job) AS job FROM item WHERE job > ?1 UNION ALL SELECT "
                     "MIN(job) FROM cursor WHERE job > ?1)",
    [SQL_JOB_ITEMS] = "SELECT ledger, last, run FROM item WHERE job = ?1 ORDER BY last DESC",
    [SQL_JOB_CURSORS] = "SELECT ledger FROM cursor WHERE job = ?1",
    [SQL_RUN_OUTPUT] = "SELECT ledger FROM segment WHERE run = ?1",
    [SQL_LEDGER_ID] = "SELECT id, kind FROM ledger WHERE row = ?1",
    [SQL_LEDGER_FIND] = "SELECT row FROM ledger WHERE id = ?1",
    [SQL_SEGMENTS] =
        "SELECT ledger, position FROM segment WHERE run = ?1 AND number >= ?2 ORDER BY number, ledger "
        "LIMIT ?3",
    [SQL_STORY] = "SELECT stamp, job, occurrence, node, what FROM story WHERE stamp >= ?2 AND stamp <= ?3 "
                  "ORDER BY stamp, row LIMIT ?4",
    [SQL_STORY_JOB] = "SELECT stamp, job, occurrence, node, what FROM story WHERE job IN ('', ?1) AND "
                      "stamp >= ?2 AND stamp <= ?3 ORDER BY stamp, row LIMIT ?4",

    [SQL_RETAIN_COUNT] = "SELECT DISTINCT last FROM item WHERE job = ?1 ORDER BY last DESC LIMIT 1 OFFSET ?2",
    [SQL_RETAIN_OLDEST] = "SELECT MIN(last) FROM item WHERE job = ?1 AND last >= ?2",
    [SQL_RETAIN_PART] = "SELECT last FROM item WHERE job = ?1 AND last >= ?2 ORDER BY last LIMIT 1 OFFSET ?3",
    [SQL_RETAIN_FLOOR] =
        "SELECT MIN(first) FROM (SELECT first FROM item WHERE job = ?1 AND last >= ?2 AND last <= ?2 "
        "+ " LONG_MS
        " UNION ALL SELECT first FROM item INDEXED BY item_long WHERE job = ?1 AND last - first > " LONG_MS
        " AND last > ?2 + " LONG_MS ")",
    [SQL_RETAIN_ITEMS] =
        "SELECT ledger, position, run FROM item i WHERE job = ?1 AND last >= ?2 AND last < ?3 AND " ENDED,
    [SQL_RETAIN_RUN_SEGMENTS] =
        "SELECT ledger, position FROM segment WHERE run = ?1 AND NOT EXISTS (SELECT 1 "
        "FROM item WHERE run = ?1)",
    [SQL_OLDEST_SEGMENTS] = "SELECT ledger, position FROM segment ORDER BY ledger, position LIMIT ?1",
    [SQL_OLDEST_ITEMS] =
        "SELECT" SERIES_COLUMNS "FROM item i WHERE " ENDED " ORDER BY ledger, position LIMIT ?1",
};

const char *sql_text(enum sql statement)
{
    return texts[statement];
}
