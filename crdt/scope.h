// scope.h - does what an operator may do cover this?
//
// A scope is struct scope of proto/authority.h: lists of namespaces, actions and users ("*" is all, an
// empty list is none) and labels. Labels narrow it to nodes that carry every one of them: a definition
// of such an operator runs on such nodes only, and such nodes are all it may invite or relabel.
#ifndef CRDT_SCOPE_H
#define CRDT_SCOPE_H

#include "proto/authority.h"

#define SCOPE_DEFINE  "define"  // definitions and deletes
#define SCOPE_PAUSE   "pause"   // pauses and resumes
#define SCOPE_TRIGGER "trigger" // orders
#define SCOPE_INVITE  "invite"  // invites and node records

bool scope_has_action(const struct scope *scope, const char *action);
bool scope_has_namespace(const struct scope *scope, const char *namespace_name);
bool scope_has_user(const struct scope *scope, const char *user);
// `labels` are a node's, or those an invite would give.
bool scope_has_node(const struct scope *scope, const struct labels *labels);

#endif
