// directory_view.c - looking at the directory: walks, proofs, the live list, the texts.
#include "crdt/directory.h"

#include <stdlib.h>
#include <string.h>

const struct directory_node *directory_find(const struct directory *directory, const struct node_id *id)
{
    return (const struct directory_node *)(const void *)tree_find(&directory->nodes, id);
}

const struct directory_node *directory_next(const struct directory *directory,
                                            const struct directory_node *last)
{
    const struct tree_node *node =
        last ? tree_find_after(&directory->nodes, &last->id) : tree_find_first(&directory->nodes);
    return (const struct directory_node *)(const void *)node;
}

const struct directory_record *directory_find_record(const struct directory *directory,
                                                     const struct record_id *id)
{
    const struct tree_node *node = tree_find(&directory->records, id);
    if (!node)
        node = tree_find(&directory->aside, id);
    return (const struct directory_record *)(const void *)node;
}

bool directory_take_dropped(struct directory *directory, struct record_id *ret_id)
{
    return record_queue_take(&directory->dropped, ret_id);
}

// --- proof -------------------------------------------------------------------

struct proof {
    const struct directory *directory;
    struct tree visited; // struct proof_node, by node id
    struct record_queue *queue;
};

struct proof_node {
    struct tree_node by_id; // first
    struct node_id id;
};

static int compare_proof_node(const struct tree_node *node, const void *id)
{
    return memcmp(&((const struct proof_node *)(const void *)node)->id, id, sizeof(struct node_id));
}

// A node's own records go out after those of whoever admitted it. Chains of invitations are as deep as the
// fleet is large, so nodes wait on a stack of our own.
struct proof_step {
    const struct directory_node *node;
    bool is_expanded;
};

struct proof_stack {
    struct proof_step *steps;
    size_t count, capacity;
};

static void stack_push(struct proof_stack *stack, const struct directory_node *node)
{
    void *array = stack->steps;
    base_grow(&array, &stack->capacity, stack->count + 1, sizeof *stack->steps);
    stack->steps = array;
    stack->steps[stack->count++] = (struct proof_step){.node = node};
}

static bool proof_visit(struct proof *proof, const struct node_id *id)
{
    if (tree_find(&proof->visited, id))
        return false;
    struct proof_node *node = base_alloc(1, sizeof *node);
    node->id = *id;
    tree_add(&proof->visited, &node->by_id, id);
    return true;
}

static void proof_expand(const struct proof *proof, const struct directory_node *node,
                         struct proof_stack *stack)
{
    for (const struct directory_record *record = node->records; record; record = record->next) {
        const struct directory_node *signer =
            record->kind == ENVELOPE_ADMISSION ? directory_find(proof->directory, &record->signer) : NULL;
        if (signer && !tree_find(&proof->visited, &signer->id))
            stack_push(stack, signer);
    }
}

static void proof_emit(const struct proof *proof, const struct directory_node *node)
{
    for (const struct directory_record *record = node->records; record; record = record->next) {
        if (record->invite)
            record_queue_add(proof->queue, &record->invite->id);
        record_queue_add(proof->queue, &record->id);
    }
    if (node->keys)
        record_queue_add(proof->queue, &node->keys->id);
}

void directory_prove(const struct directory *directory, const struct node_id *id, struct record_queue *queue)
{
    struct proof proof = {.directory = directory, .queue = queue};
    struct proof_stack stack = {0};
    tree_init(&proof.visited, compare_proof_node);
    const struct directory_node *wanted = directory_find(directory, id);
    if (wanted)
        stack_push(&stack, wanted);
    while (stack.count) {
        struct proof_step *step = &stack.steps[stack.count - 1];
        const struct directory_node *node = step->node;
        if (step->is_expanded) {
            stack.count--;
            proof_emit(&proof, node);
        } else if (proof_visit(&proof, &node->id)) {
            step->is_expanded = true;
            proof_expand(&proof, node, &stack);
        } else {
            stack.count--;
        }
    }
    struct tree_node *visited;
    while ((visited = tree_take_any(&proof.visited)))
        free(visited);
    free(stack.steps);
}

// --- replication -------------------------------------------------------------

struct hash directory_fingerprint(const struct directory *directory)
{
    return fingerprint_hash(&directory->live);
}

static int item_order(const void *a, const void *b)
{
    return reconcile_item_compare(a, b);
}

struct reconcile_view directory_live(struct directory *directory)
{
    size_t count = directory->records.count;
    if (!directory->listed || directory->listed_generation != directory->generation) {
        free(directory->listed);
        directory->listed = base_alloc(count + 1, sizeof *directory->listed);
        const struct tree_node *node = tree_find_first(&directory->records);
        for (size_t i = 0; i < count; i++) {
            const struct directory_record *record = (const struct directory_record *)(const void *)node;
            directory->listed[i] = (struct reconcile_item){record->stamp, record->id.hash};
            node = tree_find_after(&directory->records, &record->id);
        }
        qsort(directory->listed, count, sizeof *directory->listed, item_order);
        directory->listed_generation = directory->generation;
    }
    return (struct reconcile_view){directory->listed, count};
}

const char *directory_outcome_text(int outcome)
{
    static const char *const texts[] = {
        [0] = "added",
        [DIRECTORY_KNOWN] = "known already",
        [DIRECTORY_OUTDATED] = "newer keys are known",
        [DIRECTORY_SIGNER_UNKNOWN] = "signer unknown here",
        [DIRECTORY_LOG_BEHIND] = "signed under a newer authority log than ours",
        [DIRECTORY_NODE_UNKNOWN] = "signed by a node that is unknown here",
        [DIRECTORY_INVITE_UNKNOWN] = "its invite is unknown here or holds no longer",
        [DIRECTORY_ADMISSION_UNKNOWN] = "its admission is unknown here or holds no longer",
        [DIRECTORY_OUT_OF_SCOPE] = "not in the signer's scope",
        [DIRECTORY_VOID] = "signed after its signer was revoked",
        [DIRECTORY_FORGED] = "the signature does not hold",
        [DIRECTORY_MALFORMED] = "not well formed",
        [DIRECTORY_WRONG_KIND] = "not a record about nodes",
        [DIRECTORY_NOT_REDEEMER] = "not signed by the node the invite names",
        [DIRECTORY_NO_SUCH_USE] = "the invite has no such use",
        [DIRECTORY_USE_TAKEN] = "that use of the invite admitted another node",
        [DIRECTORY_TOO_LATE] = "the invite had ended",
        [DIRECTORY_NAME_REFUSED] = "the invite does not allow this name",
        [DIRECTORY_NOT_YOURS] = "keys that name the admission of another node",
        [DIRECTORY_FULL] = "the directory is full",
    };
    return outcome >= 0 && (size_t)outcome < COUNT_OF(texts) ? texts[outcome] : "refused";
}
