#include "fs/offline/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"

struct pack {
	struct archive *archive;
	struct archive_entry *entry;
	char *folder; /* that paths are below; NULL: an archive */
	time_t time;
	const char *path; /* of the file that is to begin */
	int64_t at;	  /* its bytes so far */
	bool open, failed;
};

static int broke(struct pack *p, const char *path)
{
	const char *text = archive_error_string(p->archive);

	p->failed = true;
	return fail(-EIO, "%s: %s", path, text ? text : "cannot be written");
}

/* 0: it is empty. */
static int check_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int n = 0;

	if (!dir)
		return fail(-errno, "%s: %s", path, strerror(errno));
	while ((e = readdir(dir)))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(dir);
	return n ? fail(-ENOTEMPTY, "%s: is not empty", path) : 0;
}

static int open_folder(struct pack *p, const char *to)
{
	int r;

	if (mkdir(to, 0700) < 0 && errno != EEXIST)
		return fail(-errno, "%s: %s", to, strerror(errno));
	r = check_empty(to);
	if (r < 0)
		return r;
	p->folder = realpath(to, NULL);
	p->archive = archive_write_disk_new();
	if (!p->folder || !p->archive)
		return fail(-ENOMEM, "%s", to);
	/* No link of the dump leads a write out of the folder. */
	archive_write_disk_set_options(p->archive, ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_PERM |
							   ARCHIVE_EXTRACT_SECURE_SYMLINKS |
							   ARCHIVE_EXTRACT_SECURE_NODOTDOT);
	return 0;
}

static int open_tar(struct pack *p, const char *to)
{
	p->archive = archive_write_new();
	if (!p->archive)
		return fail(-ENOMEM, "%s", to);
	/* The same bytes to a pipe as to a file. */
	archive_write_set_bytes_in_last_block(p->archive, 1);
	if (archive_write_set_format_pax_restricted(p->archive) != ARCHIVE_OK ||
	    archive_write_open_filename(p->archive, strcmp(to, "-") ? to : NULL) != ARCHIVE_OK)
		return broke(p, to);
	return 0;
}

static bool is_tar(const char *to)
{
	size_t len = strlen(to);

	return !strcmp(to, "-") || (len > 4 && !strcmp(to + len - 4, ".tar"));
}

int pack_open(const char *to, time_t time, struct pack **ret)
{
	struct pack *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return fail(-ENOMEM, "%s", to);
	p->time = time;
	p->entry = archive_entry_new();
	r = p->entry ? 0 : fail(-ENOMEM, "%s", to);
	if (r == 0)
		r = is_tar(to) ? open_tar(p, to) : open_folder(p, to);
	if (r < 0)
		pack_close(p);
	else
		*ret = p;
	return r;
}

const char *pack_folder(const struct pack *p)
{
	return p->folder;
}

/* .entry is what comes next. */
static int begin(struct pack *p, const char *path, unsigned int type, unsigned int mode,
		 uint64_t size, const char *target)
{
	_free_ char *whole = NULL;
	int r = asprintf(&whole, "%s%s%s", p->folder ? p->folder : "", p->folder ? "/" : "", path);

	if (r < 0) {
		whole = NULL;
		return fail(-ENOMEM, "%s", path);
	}
	archive_entry_clear(p->entry);
	archive_entry_set_pathname(p->entry, whole);
	archive_entry_set_filetype(p->entry, type);
	archive_entry_set_perm(p->entry, (mode_t)mode);
	archive_entry_set_mtime(p->entry, p->time, 0);
	if (target)
		archive_entry_set_symlink(p->entry, target);
	else
		archive_entry_set_size(p->entry, (int64_t)size);
	if (archive_write_header(p->archive, p->entry) < ARCHIVE_WARN)
		return broke(p, path);
	p->at = 0;
	p->open = true;
	return 0;
}

int pack_end(struct pack *p)
{
	if (!p->open)
		return 0;
	p->open = false;
	return archive_write_finish_entry(p->archive) < ARCHIVE_WARN ? broke(p, "the archive") : 0;
}

int pack_dir(struct pack *p, const char *path)
{
	int r = begin(p, path, AE_IFDIR, 0700, 0, NULL);

	return r < 0 ? r : pack_end(p);
}

int pack_link(struct pack *p, const char *path, const char *target)
{
	int r = begin(p, path, AE_IFLNK, 0777, 0, target);

	return r < 0 ? r : pack_end(p);
}

static int file_begin(void *arg, uint64_t size)
{
	struct pack *p = arg;

	return begin(p, p->path, AE_IFREG, 0600, size, NULL);
}

static int file_write(void *arg, const void *bytes, size_t len)
{
	struct pack *p = arg;
	const char *at = bytes;

	if (p->folder) {
		if (len && archive_write_data_block(p->archive, bytes, len, p->at) < ARCHIVE_WARN)
			return broke(p, p->path);
		p->at += (int64_t)len;
		return 0;
	}
	while (len) {
		la_ssize_t n = archive_write_data(p->archive, at, len);

		if (n <= 0)
			return broke(p, p->path);
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* An archive has zeros there. */
static int file_hole(void *arg, uint64_t len)
{
	static const char zeros[1 << 16];
	struct pack *p = arg;
	int r = 0;

	if (p->folder) {
		p->at += (int64_t)len;
		return 0;
	}
	while (len && r == 0) {
		size_t n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);

		r = file_write(p, zeros, n);
		len -= n;
	}
	return r;
}

void pack_file(struct pack *p, const char *path, struct copy_sink *ret)
{
	p->path = path;
	*ret = (struct copy_sink){
		.begin = file_begin, .write = file_write, .hole = file_hole, .arg = p
	};
}

bool pack_failed(const struct pack *p)
{
	return p->failed;
}

int pack_finish(struct pack *p)
{
	return archive_write_close(p->archive) < ARCHIVE_WARN ? broke(p, "the end") : 0;
}

void pack_close(struct pack *p)
{
	if (!p)
		return;
	archive_entry_free(p->entry);
	if (p->archive)
		archive_write_free(p->archive);
	free(p->folder);
	free(p);
}
