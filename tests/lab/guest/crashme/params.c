/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A module parameter of every type, each with a value that differs from its default in sign,
 * width or place when it is decoded wrongly. The guest's init sets some of them at load.
 */
#include <linux/kernel.h>
#include <linux/moduleparam.h>

#include "crashme.h"

static bool p_bool = true;
module_param(p_bool, bool, 0444);
static bool p_invbool;
module_param(p_invbool, invbool, 0444);
static int p_int = -42;
module_param(p_int, int, 0644);
static unsigned int p_uint = 4000000000u;
module_param(p_uint, uint, 0444);
static short p_short = -1234;
module_param(p_short, short, 0444);
static unsigned short p_ushort = 65000;
module_param(p_ushort, ushort, 0444);
static long p_long = -5000000000l;
module_param(p_long, long, 0444);
static unsigned long p_ulong = 18000000000000000000ul;
module_param(p_ulong, ulong, 0444);
static unsigned char p_byte = 200;
module_param(p_byte, byte, 0444);
static char *p_charp = "a default string";
module_param(p_charp, charp, 0444);
static char *p_charp_null;
module_param(p_charp_null, charp, 0444);
static char p_string[32] = "copied";
module_param_string(p_string, p_string, sizeof(p_string), 0444);

static int p_int_array[5] = { 1, -2, 3 };
static int p_int_array_count = 3;
module_param_array(p_int_array, int, &p_int_array_count, 0444);
static char *p_charp_array[4] = { "zero", "one" };
static int p_charp_array_count = 2;
module_param_array(p_charp_array, charp, &p_charp_array_count, 0444);
static short p_short_array[3] = { 7, 8, 9 };
module_param_array(p_short_array, short, NULL, 0444);

static int renamed = 17;
module_param_named(p_named, renamed, int, 0444);
static int p_hidden = 99;
module_param(p_hidden, int, 0);

/* Types that not every kernel has come with their check macro. */
#ifdef param_check_hexint
static unsigned int p_hexint = 0xdeadbeef;
module_param(p_hexint, hexint, 0444);
#endif
#ifdef param_check_ullong
static unsigned long long p_ullong = 0x8000000000000001ull;
module_param(p_ullong, ullong, 0444);
#endif

static int custom_value = 3;

static int custom_set(const char *text, const struct kernel_param *kp)
{
	return kstrtoint(text, 0, (int *)kp->arg);
}

static int custom_get(char *text, const struct kernel_param *kp)
{
	return sprintf(text, "custom %d\n", *(int *)kp->arg);
}

static const struct kernel_param_ops custom_ops = {
	.set = custom_set,
	.get = custom_get,
};
module_param_cb(p_custom, &custom_ops, &custom_value, 0444);

/* Values are in /sys/module/crashme/parameters too; p_hidden is only here. */
void params_show(struct seq_file *s)
{
	seq_printf(s, "p_bool " PX " %d\n", &p_bool, p_bool);
	seq_printf(s, "p_invbool " PX " %d\n", &p_invbool, p_invbool);
	seq_printf(s, "p_int " PX " %d\n", &p_int, p_int);
	seq_printf(s, "p_uint " PX " %u\n", &p_uint, p_uint);
	seq_printf(s, "p_short " PX " %d\n", &p_short, p_short);
	seq_printf(s, "p_ushort " PX " %u\n", &p_ushort, p_ushort);
	seq_printf(s, "p_long " PX " %ld\n", &p_long, p_long);
	seq_printf(s, "p_ulong " PX " %lu\n", &p_ulong, p_ulong);
	seq_printf(s, "p_byte " PX " %u\n", &p_byte, p_byte);
	seq_printf(s, "p_charp " PX " %s\n", &p_charp, p_charp);
	seq_printf(s, "p_string " PX " %s\n", p_string, p_string);
	seq_printf(s, "p_int_array " PX " %d\n", p_int_array, p_int_array_count);
	seq_printf(s, "p_charp_array " PX " %d\n", p_charp_array, p_charp_array_count);
	seq_printf(s, "p_hidden " PX " %d\n", &p_hidden, p_hidden);
	seq_printf(s, "p_custom " PX " %d\n", &custom_value, custom_value);
}
