/* Debug files are mapped by the libraries that read them. One that is cut while it is in use must cost what
 * needs it, and not the daemon. */
#pragma once

/* From now on pages that a file has lost read as zeros, and are trouble (trouble.h) to the thread that
 * touches them. */
int sigbus_handle(void);
