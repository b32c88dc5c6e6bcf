/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Module entry and /proc/crashme: reading reports, writing a word does what it names. */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "crashme.h"

static int report_show(struct seq_file *s, void *v)
{
	params_show(s);
	known_show(s);
	threads_show(s);
	crash_show(s);
	return 0;
}

static int report_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, report_show, NULL, 64 << 10);
}

static ssize_t report_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	char word[32] = "";
	int r;

	if (len >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, buf, len))
		return -EFAULT;
	if (!strcmp(strim(word), "block"))
		r = threads_block();
	else if (!strcmp(strim(word), "spin"))
		r = threads_spin();
	else
		r = crash_by_name(strim(word));
	return r < 0 ? r : len;
}

/* d56c0d45f0e2 (v5.6) */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 6, 0)
static const struct proc_ops report_ops = {
	.proc_open = report_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_write = report_write,
	.proc_release = single_release,
};
#else
static const struct file_operations report_ops = {
	.owner = THIS_MODULE,
	.open = report_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.write = report_write,
	.release = single_release,
};
#endif

/* There is no module_exit: what was left behind stays for the dump. */
static int __init crashme_init(void)
{
	int r = known_init();

	if (!r)
		r = threads_init();
	if (!r && !proc_create("crashme", 0600, NULL, &report_ops))
		r = -ENOMEM;
	return r;
}
module_init(crashme_init);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("vmcorefs");
MODULE_DESCRIPTION("Leaves known things behind and crashes the kernel");
MODULE_VERSION("1.2-lab");
