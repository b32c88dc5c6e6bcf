"""Run by drgn: prints {cache: [address of each object in use]}, a JSON line.

What waits in a sheaf for an RCU grace period was freed: drgn has it for allocated, this has not.
"""

import json

from drgn.helpers.linux.cpumask import for_each_possible_cpu
from drgn.helpers.linux.percpu import per_cpu_ptr
from drgn.helpers.linux import slab
from drgn.helpers.linux.slab import for_each_slab_cache, slab_cache_for_each_allocated_object

# All of them take minutes.
SOME = {"task_struct", "mm_struct", "vm_area_struct", "filp", "sighand_cache", "files_cache", "pid",
        "kmalloc-64", "kmalloc-256", "kmalloc-4k", "maple_node", "skbuff_head_cache", "cred_jar", "UNIX"}


# What a CPU keeps for itself is free, also when it was stopped and is no more online.
if hasattr(slab, "for_each_online_cpu"):
    slab.for_each_online_cpu = for_each_possible_cpu


def waiting(prog, cache):
    found = set()
    try:
        sheaves = cache.cpu_sheaves
    except AttributeError:
        return found
    for cpu in for_each_possible_cpu(prog) if sheaves else ():
        sheaf = per_cpu_ptr(sheaves, cpu).rcu_free
        if sheaf:
            found |= {sheaf.objects[i].value_() for i in range(int(sheaf.size))}
    return found


def main(prog):
    caches = {}
    for cache in for_each_slab_cache(prog):
        name = cache.name.string_().decode()
        if name in SOME:
            allocated = {o.value_() for o in slab_cache_for_each_allocated_object(cache, "char")}
            caches[name] = sorted(allocated - waiting(prog, cache))
    print(json.dumps(caches))


main(prog)   # noqa: F821: drgn gives it
