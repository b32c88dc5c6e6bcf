/* mkdump: writes a dump from a text description of a memory, or from another dump. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump/base/err.h"
#include "tests/image/dump_image.h"
#include "tests/image/write.h"

static const char usage[] =
	"usage: mkdump [options] -m MEMORY OUTPUT    MEMORY: a text, see image_text.c; -: stdin\n"
	"       mkdump [options] DUMP... OUTPUT\n"
	"  -f, --format FORMAT         elf, kdump (default) or lime\n"
	"  -a, --add LINE              one more line of MEMORY, behind what there is (repeatable)\n"
	"  -c, --codec CODEC           of kdump pages: raw, zlib (default), lzo, snappy, zstd, mixed\n"
	"  -v, --header-version N      of the kdump header, 1 to 6 (default)\n"
	"  -d, --level N               leave out pages as makedumpfile -d does; of another dump only\n"
	"                              zero pages (1) are known\n"
	"  -s, --split N               a split set OUTPUT.0 ...\n"
	"  -F, --flat[=shuffle|overwrite]   flattened\n"
	"  -k, --keep N                stop after N pages: an incomplete dump\n"
	"      --same-bitmaps --header32 --elf32 --xnum --text-map --zero-vaddr --no-vmcoreinfo\n";

enum {
	OPT_SAME_BITMAPS = 256,
	OPT_HEADER32,
	OPT_ELF32,
	OPT_XNUM,
	OPT_TEXT_MAP,
	OPT_ZERO_VADDR,
	OPT_NO_VMCOREINFO
};

static const struct option options[] = {
	{ "memory", required_argument, NULL, 'm' },
	{ "add", required_argument, NULL, 'a' },
	{ "format", required_argument, NULL, 'f' },
	{ "codec", required_argument, NULL, 'c' },
	{ "header-version", required_argument, NULL, 'v' },
	{ "level", required_argument, NULL, 'd' },
	{ "split", required_argument, NULL, 's' },
	{ "flat", optional_argument, NULL, 'F' },
	{ "keep", required_argument, NULL, 'k' },
	{ "help", no_argument, NULL, 'h' },
	{ "same-bitmaps", no_argument, NULL, OPT_SAME_BITMAPS },
	{ "header32", no_argument, NULL, OPT_HEADER32 },
	{ "elf32", no_argument, NULL, OPT_ELF32 },
	{ "xnum", no_argument, NULL, OPT_XNUM },
	{ "text-map", no_argument, NULL, OPT_TEXT_MAP },
	{ "zero-vaddr", no_argument, NULL, OPT_ZERO_VADDR },
	{ "no-vmcoreinfo", no_argument, NULL, OPT_NO_VMCOREINFO },
	{ 0 },
};

struct request {
	struct shape shape;
	const char *memory;
	struct blob more; /* memory, text */
	write_fn *write;
	bool flat;
	enum flat_order order;
};

static enum flat_order order_by_name(const char *name)
{
	if (!name)
		return FLAT_PLAIN;
	if (!strcmp(name, "shuffle"))
		return FLAT_SHUFFLE;
	if (!strcmp(name, "overwrite"))
		return FLAT_OVERWRITE;
	die("no such order of records: %s", name);
}

static bool *switch_of(struct shape *shape, int opt)
{
	bool *const switches[] = { &shape->same_bitmaps, &shape->header32, &shape->elf32,
				   &shape->xnum,	 &shape->text_map, &shape->zero_vaddr,
				   &shape->no_vmcoreinfo };

	return switches[opt - OPT_SAME_BITMAPS];
}

static void take_option(struct request *req, int opt)
{
	switch (opt) {
	case 'm':
		req->memory = optarg;
		break;
	case 'a':
		blob_add(&req->more, optarg, strlen(optarg));
		blob_add(&req->more, "\n", 1);
		break;
	case 'f':
		req->write = writer_by_name(optarg);
		if (!req->write)
			die("no such format: %s", optarg);
		break;
	case 'c':
		req->shape.pack = pack_by_name(optarg);
		break;
	case 'v':
		req->shape.version = atoi(optarg);
		break;
	case 'd':
		req->shape.level = atoi(optarg);
		break;
	case 's':
		req->shape.parts = (unsigned int)atoi(optarg);
		break;
	case 'F':
		req->flat = true;
		req->order = order_by_name(optarg);
		break;
	case 'k':
		req->shape.keep_pages = strtoull(optarg, NULL, 0);
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	case '?':
		die("%s", usage);
	default:
		*switch_of(&req->shape, opt) = true;
	}
}

static void write_file(const struct image *img, const struct request *req, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct sink *sink;

	if (fd < 0)
		die("%s: %m", path);
	sink = sink_file(fd);
	if (req->flat)
		sink = sink_flat(sink, req->order);
	req->write(img, &req->shape, sink);
	sink_close(sink);
	if (close(fd) < 0)
		die("%s: %m", path);
}

static void write_all(const struct image *img, struct request *req, const char *output)
{
	char path[4096];

	if (!image_end(img))
		die("no memory to write");
	if (req->shape.parts < 2) {
		write_file(img, req, output);
		return;
	}
	for (req->shape.part = 0; req->shape.part < req->shape.parts; req->shape.part++) {
		snprintf(path, sizeof(path), "%s.%u", output, req->shape.part);
		write_file(img, req, path);
	}
}

int main(int argc, char **argv)
{
	struct request req = { .shape = { .version = 6, .pack = PACK_ZLIB }, .write = write_kdump };
	struct dump *dump = NULL;
	struct image img;
	int opt;

	while ((opt = getopt_long(argc, argv, "m:a:f:c:v:d:s:F::k:h", options, NULL)) != -1)
		take_option(&req, opt);
	if (argc - optind < 1 || (req.memory ? argc - optind != 1 : argc - optind < 2))
		die("%s", usage);
	image_init(&img);
	if (req.memory) {
		image_load(&img, strcmp(req.memory, "-") ? req.memory : "/dev/stdin");
	} else {
		if (dump_open((const char *const *)argv + optind, (size_t)(argc - optind - 1),
			      &dump) < 0)
			die("%s", why());
		image_of_dump(&img, dump);
	}
	if (req.more.len)
		image_parse(&img, (char *)req.more.data);
	blob_fini(&req.more);
	write_all(&img, &req, argv[argc - 1]);
	image_fini(&img);
	dump_close(dump);
	return 0;
}
