"""Forms of a dump that the distribution's makedumpfile may have been built without, or never makes."""

# Name: the options of mkdump
MADE = {
    "lzo": ["-c", "lzo"],
    "snappy": ["-c", "snappy"],
    "zstd": ["-c", "zstd"],
    "mixed-v3": ["-c", "mixed", "-v", "3"],
    "flat-shuffled": ["-c", "zstd", "--flat=shuffle"],
    "flat-overwritten-elf": ["-f", "elf", "--flat=overwrite"],
    "lime": ["-f", "lime"],
    "split-zstd": ["-c", "zstd", "-s", "5"],
}
