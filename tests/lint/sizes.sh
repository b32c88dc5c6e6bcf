#!/bin/sh
# A file has at most 600 lines, a function at most 80, in C and in Python. Run in the root of the
# tree. Tables (*.def) may be longer.

sources() {
    find dump kernel fs tests \( -name '*.[ch]' -o -name '*.py' -o -name '*.sh' \) -print
    find tests -type f ! -name '*.*' -exec grep -lE '^#!/(usr/)?bin/' {} +
}

bad=$(
    sources | while read -r file; do
        lines=$(wc -l <"$file")
        [ "$lines" -le 600 ] || echo "$file: $lines lines"
    done
    find dump kernel fs tests \( -name '*.c' -o -name '*.py' \) -print |
        ctags -f - -L - --fields=+ne --c-kinds=f --python-kinds=fm |
        awk -F '\t' '!/^!/ {
            start = end = 0
            for (i = 4; i <= NF; i++) {
                if ($i ~ /^line:/) start = substr($i, 6)
                if ($i ~ /^end:/) end = substr($i, 5)
            }
            if (end - start + 1 > 80)
                print $2 ":" start ": " $1 "() has " end - start + 1 " lines"
        }'
)
[ -z "$bad" ] && exit 0
echo "$bad"
exit 1
