// schema.h - the tables of the database, and how an older one becomes a newer one.
//
// PRAGMA user_version counts the steps taken. A step is never edited once released: a change of the
// tables is a new step at the end. A database with more steps than this build knows is not touched.
//
//   record   signed records of kinds 01-23, whole
//   ledger   signed records of kinds 40-45, whole (45 packed by zstd: `size` is then the unpacked size)
//   item     one claim, result or verdict of a ledger record: the columns that questions ask by
//   cursor   the cursors no other of the same signer covers
//   segment  which ledger record holds which stretch of a run's output
//   story    lines for `why`
//   meta     small values by key
#ifndef NODE_IO_STORE_SCHEMA_H
#define NODE_IO_STORE_SCHEMA_H

#include "node/io/store/database.h"

// 0, STORE_NEWER, or what database_run returns.
int schema_migrate(struct database *database) WARN_UNUSED;

#endif
