/* What C has of types, for compilers to describe in DWARF. tests/unit/test_dwarf.c knows what that is. */
struct only_declared;
struct defined_elsewhere;

enum color { RED = 1, GREEN = 5, BLUE };
enum depth { BELOW = -3, LEVEL = 0, ABOVE = 7 };
enum { ALONE = 77, TOGETHER };
enum wide { SMALL = 1, HUGE = 0x123456789abcull };

typedef unsigned int u32;
typedef struct {
	int counter;
} atomic_t;
typedef int (*handler_t)(struct defined_elsewhere *, u32, ...);

struct list_head {
	struct list_head *next, *prev;
};

union word {
	unsigned long number;
	unsigned char bytes[8];
};

struct bits {
	u32 low : 3;
	u32 mid : 13;
	int high : 5;
	unsigned long wide : 40;
	_Bool flag : 1;
	unsigned char tail;
	unsigned char four : 4;
};

struct kinds {
	struct list_head link;
	enum color color;
	enum depth depth;
	const char *const label;
	volatile int *counter;
	int matrix[2][3];
	handler_t handler;
	void (*callbacks[4])(void *restrict, const union word *);
	struct only_declared *unknown;
	struct defined_elsewhere *elsewhere;
	union {
		int number;
		struct {
			short x, y;
		};
	};
	struct {
		long inner;
	} named;
	atomic_t refs;
	_Bool yes;
	long long big;
	unsigned char tail[];
};
