#!/bin/sh
# make.sh FOLDER LIST: compile the sources beside this script in every form of DWARF that the compilers of
# this machine write, into FOLDER, and write the names of the files to LIST. Those of modules end in .ko.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
list=$(pwd)/$2
: >"$list.new"
cd "$here"

add() {
    echo "$1" >>"$list.new"
}

# module NAME COMPILER OPTION...: not linked, as a module is
module() {
    name=$1 compiler=$2
    shift 2
    $compiler -O2 -nostdlib -r "$@" -o "$out/$name.ko" kinds.c other.c
    add "$name.ko"
}

# kernel NAME COMPILER OPTION...: linked to where a kernel is
kernel() {
    name=$1 compiler=$2
    shift 2
    $compiler -O2 -mcmodel=kernel -fno-pic -ffreestanding -nostdlib -static -Wl,-e,entry \
        -Wl,-Ttext-segment=0xffffffff81000000 -Wl,--build-id "$@" -o "$out/$name" kinds.c other.c
    add "$name"
}

for version in 2 3 4 5; do
    module "gcc-$version" gcc "-gdwarf-$version"
    kernel "gcc-$version-linked" gcc "-gdwarf-$version"
    if command -v clang >/dev/null; then
        module "clang-$version" clang "-gdwarf-$version"
        kernel "clang-$version-linked" clang "-gdwarf-$version"
    fi
done
# as some linker scripts for modules do
objcopy --change-section-address .data=0x200 "$out/gcc-5.ko" "$out/gcc-5-placed.ko"
add gcc-5-placed.ko
kernel gcc-4-type-units gcc -gdwarf-4 -fdebug-types-section
kernel gcc-5-type-units gcc -gdwarf-5 -fdebug-types-section
kernel gcc-5-zlib gcc -gdwarf-5 -gz=zlib
module gcc-5-zlib gcc -gdwarf-5 -gz=zlib
kernel gcc-4-zlib-gnu gcc -gdwarf-4 -gz=zlib-gnu
if command -v dwz >/dev/null; then
    dwz -o "$out/gcc-4-dwz" "$out/gcc-4-linked" && add gcc-4-dwz
    dwz -o "$out/gcc-5-dwz" "$out/gcc-5-linked" && add gcc-5-dwz
    cp "$out/gcc-4-linked" "$out/gcc-4-alternate"
    cp "$out/gcc-4-linked" "$out/gcc-4-alternate-too"
    # what both have goes to a third file
    dwz -m "$out/alternate.debug" -M "$out/alternate.debug" "$out/gcc-4-alternate" \
        "$out/gcc-4-alternate-too"
    add gcc-4-alternate
fi
strip --strip-debug -o "$out/stripped" "$out/gcc-5-linked"
mv "$list.new" "$list"
