// table.h - rows of cells that line up, whatever alphabet they are in.
//
// Cells are escaped when they are added, so nothing untrusted gets through. Columns are two spaces
// apart; the last one is not padded. A number column is flushed right.
#ifndef NODE_CLI_TABLE_H
#define NODE_CLI_TABLE_H

#include "node/cli/terminal.h"

enum {
    TABLE_COLUMN_COUNT_MAX = 12,
};

struct table_cell {
    char *text; // owned, escaped
    enum terminal_colour colour;
};

struct table {
    size_t column_count;
    bool is_right[TABLE_COLUMN_COUNT_MAX];
    struct table_cell *cells; // owned, row by row; the first row is the heading
    size_t cell_count, cell_capacity;
};

// `headings` has column_count texts; one that starts with '>' makes a column flushed right.
void table_init(struct table *table, const char *const *headings, size_t column_count);
void table_deinit(struct table *table);

// Fills the next cell, from left to right, row by row.
void table_add(struct table *table, const char *text);
void table_add_colour(struct table *table, const char *text, enum terminal_colour colour);
void table_add_format(struct table *table, const char *format, ...) PRINTF_LIKE(2, 3);

size_t table_row_count(const struct table *table); // without the heading
void table_print(const struct table *table, FILE *out);

#endif
