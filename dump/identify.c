#include "dump/identify.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/flat.h"
#include "dump/format.h"

#define HEAD 4096

/* Files that people try to open as dumps. A row matches where all @len bytes at @off do. */
static const struct {
	uint16_t off, len;
	const char *bytes;
	const char *what, *hint;
} lookalikes[] = {
	{ 0, 2, "\x1f\x8b", "gzip data", "decompress it first: gunzip" },
	{ 0, 6,
	  "\xfd"
	  "7zXZ\0",
	  "xz data", "decompress it first: unxz" },
	{ 0, 3, "BZh", "bzip2 data", "decompress it first: bunzip2" },
	{ 0, 4, "\x28\xb5\x2f\xfd", "zstd data", "decompress it first: unzstd" },
	{ 0, 4, "\x04\x22\x4d\x18", "lz4 data", "decompress it first: unlz4" },
	{ 0, 9, "\x89LZO\0\r\n\x1a\n", "lzop data", "decompress it first: lzop -d" },
	{ 0, 4, "PK\3\4", "a zip archive", "unpack it first: unzip" },
	{ 0, 6, "7z\xbc\xaf\x27\x1c", "a 7-zip archive", "unpack it first: 7z x" },
	{ 257, 5, "ustar", "a tar archive", "unpack it first: tar xf" },
	{ 0, 4, "QEVM", "a QEMU machine state (savevm, or virsh dump without --memory-only)",
	  "dump with virsh dump --memory-only or dump-guest-memory" },
	{ 0, 16, "LibvirtQemudSave", "a libvirt saved domain",
	  "dump with virsh dump --memory-only" },
	{ 0, 16, "LibvirtQemudPart", "an unfinished libvirt saved domain",
	  "dump with virsh dump --memory-only" },
	{ 0, 4, "QFI\xfb", "a qcow2 disk image", "give the dump inside it" },
	{ 0, 4, "KDMV", "a VMware disk image", "give the dump inside it" },
	{ 0, 4, "\xd2\xbe\xd2\xbe", "a VMware machine state", "convert it with vmss2core" },
	{ 0, 4, "\xd0\xbe\xd2\xbe", "a VMware machine state", "convert it with vmss2core" },
	{ 0, 4, "\xd1\xba\xd1\xba", "a VMware machine state", "convert it with vmss2core" },
	{ 0, 4, "\xd3\xbe\xd2\xbe", "a VMware machine state", "convert it with vmss2core" },
	{ 0, 8, "\xed\x23\x8f\x61\x73\x01\x19\xa8", "an LKCD dump",
	  "no longer written by any kernel; "
	  "not supported" },
	{ 0, 8, "sadump\0\0", "an sadump partition", "convert it with makedumpfile" },
	{ 0, 4, "PAGE", "a Windows crash dump", "open it with a Windows debugger" },
	{ 510, 2, "\x55\xaa", "a boot sector or a bzImage", "a dump is needed" },
	{ 0, 7, "!<arch>", "an archive (a package or a library)", "give the dump inside it" },
	{ 0, 4, "\xed\xab\xee\xdb", "an RPM package", "give the vmlinux inside it" },
};

static bool is_elf(const unsigned char *head, size_t len)
{
	return len >= 20 && !memcmp(head, ELFMAG, SELFMAG);
}

static unsigned int elf_type(const unsigned char *head)
{
	return head[EI_DATA] == ELFDATA2MSB ? head[17] : head[16];
}

/* A kernel is linked as an executable; with KASLR arm64's is a shared object. */
static bool is_vmlinux(const unsigned char *head, size_t len)
{
	return is_elf(head, len) && (elf_type(head) == ET_EXEC || elf_type(head) == ET_DYN);
}

static bool is_module(const unsigned char *head, size_t len)
{
	return is_elf(head, len) && elf_type(head) == ET_REL;
}

static bool is_text(const unsigned char *head, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((head[i] < 0x20 && !strchr("\t\n\r\f", head[i])) || !head[i] || head[i] == 0x7f)
			return false;
	return len;
}

static int refuse(const char *name, const unsigned char *head, size_t len)
{
	const char *what = "neither a kernel dump nor a vmlinux";
	const char *hint = "give an ELF vmcore, a kdump, a flattened or a LiME dump";

	if (!len)
		return fail(-EINVAL, "%s: an empty file; %s", name, hint);
	if (is_module(head, len)) {
		what = "a relocatable ELF file (a kernel module or an object)";
	} else if (is_vmlinux(head, len)) {
		what = "a vmlinux or another program, not a dump";
	} else if (is_text(head, len)) {
		what = "text, not a dump";
	}
	for (size_t i = 0; i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++) {
		if (lookalikes[i].off + lookalikes[i].len > len ||
		    memcmp(head + lookalikes[i].off, lookalikes[i].bytes, lookalikes[i].len))
			continue;
		what = lookalikes[i].what;
		hint = lookalikes[i].hint;
		break;
	}
	return fail(-EINVAL, "%s: %s; %s", name, what, hint);
}

int identify_refuse(struct file *f)
{
	unsigned char head[HEAD];
	size_t len;
	int r = file_read_some(f, 0, head, sizeof(head), &len);

	return r < 0 ? within(r, "%s", f->name) : refuse(f->name, head, len);
}

int identify(const char *path, enum file_kind *ret)
{
	unsigned char head[HEAD];
	struct file *f;
	size_t len;
	int r = file_open(path, &f);

	if (r < 0)
		return r;
	r = file_read_some(f, 0, head, sizeof(head), &len);
	if (r == 0 && (format_probe(head, len) || flat_probe(head, len)))
		*ret = FILE_DUMP;
	else if (r == 0 && is_vmlinux(head, len))
		*ret = FILE_VMLINUX;
	else if (r == 0 && is_module(head, len))
		*ret = FILE_MODULE;
	else
		r = r < 0 ? within(r, "%s", path) : refuse(f->name, head, len);
	file_close(f);
	return r;
}
