#!/bin/sh
# Shell and Python sources parse, and shellcheck finds nothing. Run in the root of the tree.

scripts() {
    find tests .ci -type f ! -path '*/corpus/*' ! -path '*/regress/*' \
        -exec grep -lE '^#!/bin/(ba)?sh' {} +
}

bad=$(
    for file in $(scripts); do
        sh -n "$file" 2>&1
        ! command -v shellcheck >/dev/null || shellcheck -x -f gcc "$file"
    done
    find tests -name '*.py' -exec python3 -c '
import sys
for path in sys.argv[1:]:
    try:
        with open(path, encoding="utf-8") as f:
            compile(f.read(), path, "exec")
    except SyntaxError as e:
        print(f"{path}:{e.lineno}: {e.msg}")
' {} +
)
[ -z "$bad" ] && exit 0
echo "$bad"
exit 1
