/* Unmounting what no one serves any more. */
#pragma once

/* Unmount @mountpoint if a FUSE file system is there whose daemon has ended; else leave it alone. */
void unmount_dead(const char *mountpoint);
