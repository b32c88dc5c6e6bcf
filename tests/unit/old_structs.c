#include "old_structs.h"

struct all_old all_old;

void some_text(void);

void some_text(void)
{
}
