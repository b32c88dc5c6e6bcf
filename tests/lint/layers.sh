#!/bin/sh
# fs -> kernel -> dump -> dump/base: who may include whom, and which library belongs to which file.
# Run in the root of the tree. Prints what is wrong; succeeds when nothing is.

# includes_of DIR PATTERN: file:line:text of the includes below DIR
includes_of() {
    grep -rnE --include='*.[ch]' --include='*.def' "^[[:space:]]*#[[:space:]]*include[[:space:]]+$2" "$1"
}

# only_from DIR ALLOWED: quoted includes below DIR begin with one of the ALLOWED prefixes
only_from() {
    includes_of "$1" '"' | grep -vE "include[[:space:]]+\"($2)"
}

# only_in HEADER FILES: the library's header is included by these files alone
only_in() {
    includes_of . "<($1)" | grep -E '^\./(dump|kernel|fs)/' | grep -vE "^\./($2):"
}

bad=$(
    only_from dump/base 'dump/base/'
    only_from dump 'dump/'
    only_from kernel 'kernel/|dump/'
    only_from fs 'fs/|kernel/|dump/'
    only_in 'fuse_lowlevel\.h|fuse\.h|fuse3/' 'fs/(forget|ops|session|store)\.c|fs/ops_(refuse|reply|work)\.h'
    only_in 'zlib\.h|libdeflate\.h|lzo/|snappy-c\.h|zstd\.h' 'dump/codec\.c'
    only_in 'capstone.*' 'kernel/code/disasm_arch\.h'
    # Printing and the environment are fs/'s.
    grep -rnE --include='*.[ch]' '\<(printf|fprintf|puts|perror|getenv) ?\(' dump kernel
    grep -rnE --include='*.[ch]' '\<getenv ?\(' fs | grep -v '^fs/main\.c:'
)
[ -z "$bad" ] && exit 0
echo "$bad"
exit 1
