#!/bin/sh
# What the house style forbids and a pattern can see. Run in the root of the tree.

# report WHAT: the lines on stdin, if any, are WHAT
report() {
    while read -r line; do
        echo "$1: $line"
    done
}

c() {
    grep -rnE --include='*.[ch]' --include='*.def' "$@"
}

all() {
    grep -rnIE --exclude-dir=.git --exclude=.git --exclude-dir='build*' --exclude-dir=__pycache__ \
        --exclude=style.sh --exclude-dir=corpus --exclude-dir=regress "$@"
}

bad=$(
    c 'KERNEL_VERSION|LINUX_VERSION|strverscmp|scanf ?\([^)]*release' dump kernel fs |
        report 'kernel version compared'
    c '(^|[[:space:];{}])//' dump kernel fs tests | report 'not a /* */ comment'
    # pahole writes XXX at a hole, and so do strings of ours.
    all '\<(TODO|FIXME|XXX)\>' . | grep -vE '"(/\* )?XXX |"[^"]*/\* XXX ' | report 'unfinished'
    c '\<(alloca|sprintf|vsprintf|gets|system|popen) ?\(' dump kernel fs | report 'unbounded'
    c '\<mmap ?\(' dump kernel fs | grep -v '^fs/sigbus.c:' | report 'mapped file'
    all '(^|[^[:alnum:]_.])/(work|root|home)/[a-z]' . | report 'path of a machine'
    all -i '(deb|ftp|snapshot|security|archive)\.(debian|ubuntu)\.(org|com)|pypi\.org|https?://[0-9]' . |
        report 'name of a host'
    all '[[:space:]]+$' dump kernel fs tests --include='*.[ch]' --include='*.py' --include='*.sh' \
        --include='*.def' | report 'blanks at the end of a line'
)
[ -z "$bad" ] && exit 0
echo "$bad"
exit 1
