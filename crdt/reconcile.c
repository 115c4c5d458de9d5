#include "crdt/reconcile.h"
#include <string.h>
int reconcile_item_compare(const struct reconcile_item *a, const struct reconcile_item *b)
{
    if (a->stamp != b->stamp)
        return a->stamp < b->stamp ? -1 : 1;
    return memcmp(&a->id, &b->id, sizeof a->id);
}
