#ifndef OBI_PAGES_PUSH_INT_H
#define OBI_PAGES_PUSH_INT_H

/* The token of the push that this browser was sent here with last. */
#define PUSH_COOKIE "push"

#endif
