#!/bin/sh
# The C sources are as clang-format 14 leaves them. Exit 77 (skipped) without that version. Run in
# the root of the tree.

for tool in clang-format-14 clang-format; do
    if "$tool" --version 2>/dev/null | grep -q 'version 14\.'; then
        find dump kernel fs tests -name '*.[ch]' -print | sort |
            xargs "$tool" --dry-run -Werror 2>&1 | grep -E ': (error|warning):' | cut -d: -f1 |
            uniq -c | awk '{ print $2 ": " $1 " places" }' | grep . && exit 1
        exit 0
    fi
done
echo "clang-format 14 is not installed"
exit 77
