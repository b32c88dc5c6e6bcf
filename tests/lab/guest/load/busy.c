/* Tasks that run, one in user mode and one in the kernel, and one asleep with known registers. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "load.h"

/* The copy of the truth runs on the first CPU; on two CPUs both busy tasks share the second. */
static void move_to(int cpu)
{
	int count = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu < count ? cpu : count - 1, &set);
	sched_setaffinity(0, sizeof(set), &set);
	setpriority(PRIO_PROCESS, 0, 19);
}

void spin_user(struct slot *s)
{
	move_to(1);
	ready(s, 'R', NO_SYSCALL);
	for (;;)
		__asm__ volatile("" ::: "memory");
}

void spin_kernel(struct slot *s)
{
	int fd = open("/proc/crashme", O_WRONLY | O_CLOEXEC);

	move_to(2);
	if (fd < 0)
		return absent(s, "/proc/crashme");
	ready(s, 'R', NO_SYSCALL);
	if (write(fd, "spin", 4) < 0)
		broken(s, "spin");
}

/* In ppoll for ever, the registers that the call leaves alone filled with known values. */
void registers(struct slot *s)
{
#if defined(__x86_64__)
	fact_hex(s, "rbx", 0x1122334455667788);
	fact_hex(s, "r12", 0xc0ffee0012);
	fact_hex(s, "r13", 0xc0ffee0013);
	fact_hex(s, "r14", 0xc0ffee0014);
	fact_hex(s, "r15", 0xc0ffee0015);
	ready(s, 'S', SYS_ppoll);
	__asm__ volatile("mov $0x1122334455667788, %%rbx\n\t"
			 "mov $0xc0ffee0012, %%r12\n\t"
			 "mov $0xc0ffee0013, %%r13\n\t"
			 "mov $0xc0ffee0014, %%r14\n\t"
			 "mov $0xc0ffee0015, %%r15\n\t"
			 "xor %%r10d, %%r10d\n\t"
			 "xor %%r8d, %%r8d\n"
			 "1:\n\t"
			 "mov %0, %%eax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "xor %%esi, %%esi\n\t"
			 "xor %%edx, %%edx\n\t"
			 "syscall\n\t"
			 "jmp 1b"
			 :
			 : "i"(SYS_ppoll)
			 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r10", "r11", "r12",
			   "r13", "r14", "r15", "memory");
#elif defined(__aarch64__)
	fact_hex(s, "x19", 0xc0ffee0019);
	fact_hex(s, "x28", 0xc0ffee0028);
	ready(s, 'S', SYS_ppoll);
	__asm__ volatile("ldr x19, =0xc0ffee0019\n\t"
			 "ldr x28, =0xc0ffee0028\n\t"
			 "mov x3, #0\n\t"
			 "mov x4, #0\n"
			 "1:\n\t"
			 "mov x8, %0\n\t"
			 "mov x0, #0\n\t"
			 "mov x1, #0\n\t"
			 "mov x2, #0\n\t"
			 "svc #0\n\t"
			 "b 1b"
			 :
			 : "i"(SYS_ppoll)
			 : "x0", "x1", "x2", "x3", "x4", "x8", "x19", "x28", "memory");
#else
	(void)s;
#endif
}
