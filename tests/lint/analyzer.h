/* For clang-tidy alone: these always return -1, which it cannot see from another file. */
#include "base/error.h"

#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_errno(...) (error_errno(__VA_ARGS__), -1)
#define error_file(...) (error_file(__VA_ARGS__), -1)
#define error_prefix(...) (error_prefix(__VA_ARGS__), -1)
