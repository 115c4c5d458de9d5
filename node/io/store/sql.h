// sql.h - every statement the store uses after its schema, in one place.
#ifndef NODE_IO_STORE_SQL_H
#define NODE_IO_STORE_SQL_H

// The columns that say which due times an item of the ledger is about, but for the time itself.
// Parameters ?1 to ?6 of the statements that ask for one series.
enum sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_PAGE_COUNT,
    SQL_FREE_COUNT,
    SQL_VACUUM,
    SQL_META_PUT,
    SQL_META_DROP,
    SQL_META_FIND,
    SQL_META_ALL,
    SQL_RECORD_ADD,
    SQL_RECORD_DROP,
    SQL_RECORD_KINDS,
    SQL_LEDGER_ADD,
    SQL_LEDGER_GET,
    SQL_LEDGER_DROP_EMPTY,
    SQL_LEDGER_DROP_CURSORS,
    SQL_ITEM_ADD,
    SQL_ITEM_DROP,
    SQL_CAUSE_MOMENT,
    SQL_CURSOR_COVERED,
    SQL_CURSOR_DROP_COVERED,
    SQL_CURSOR_ADD,
    SQL_SEGMENT_ADD,
    SQL_SEGMENT_DROP,
    SQL_STORY_ADD,
    SQL_STORY_DROP_OLD,
    SQL_LOAD_ITEMS,
    SQL_LOAD_CURSORS,
    SQL_LOAD_NEWEST,
    SQL_DUE_NEWEST,     // due times, newest first, of any job
    SQL_DUE_NEWEST_JOB, // of one
    SQL_DUE_FAILED,     // ended below ok
    SQL_SERIES_IS_OK,
    SQL_SERIES_ITEMS,
    SQL_RUN_ITEMS,
    SQL_RANGE_ITEMS, // claims and results that cover several due times, newest first
    SQL_DUE_ITEMS,
    SQL_CAUSE_ITEMS,
    SQL_JOB_NEXT,  // the name after this one, of those with records
    SQL_JOB_ITEMS, // of one job, newest first
    SQL_JOB_CURSORS,
    SQL_RUN_OUTPUT, // records with what a run said
    SQL_LEDGER_ID,
    SQL_LEDGER_FIND,
    SQL_SEGMENTS,
    SQL_STORY,
    SQL_STORY_JOB,
    SQL_RETAIN_COUNT,
    SQL_RETAIN_OLDEST,
    SQL_RETAIN_PART,
    SQL_RETAIN_FLOOR,
    SQL_RETAIN_ITEMS,
    SQL_RETAIN_RUN_SEGMENTS,
    SQL_OLDEST_SEGMENTS,
    SQL_OLDEST_ITEMS,
    SQL_COUNT,
};

const char *sql_text(enum sql statement);

#endif
