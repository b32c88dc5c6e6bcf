/* Is this build one that a sanitizer checks? Those report and look for leaks with calls of their own, and
 * write where they are told to. */
#pragma once

#ifdef __has_feature
#define BUILD_HAS(x) __has_feature(x)
#else
#define BUILD_HAS(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	BUILD_HAS(address_sanitizer) || BUILD_HAS(thread_sanitizer)
#define BUILD_IS_CHECKED 1
#else
#define BUILD_IS_CHECKED 0
#endif

/* Around a library that loses what it allocates. */
#if defined(__SANITIZE_ADDRESS__) || BUILD_HAS(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#define LEAK_BEGIN() __lsan_disable()
#define LEAK_END()   __lsan_enable()
#else
#define LEAK_BEGIN() ((void)0)
#define LEAK_END()   ((void)0)
#endif
