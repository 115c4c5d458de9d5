// writer.h - performs one write, inside the transaction of whoever calls.
//
// A record of the ledger is kept once, whole; its items become rows whose columns answer questions.
// A record that is there already changes nothing. Returns what database_run returns.
#ifndef NODE_IO_STORE_WRITER_H
#define NODE_IO_STORE_WRITER_H

#include "node/io/store/database.h"

int writer_perform(struct database *database, const struct effect_write *write) WARN_UNUSED;

#endif
